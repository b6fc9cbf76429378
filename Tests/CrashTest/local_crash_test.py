#!/usr/bin/env python3
"""The crash test of the local backend: two workers on one root, files that are renamed into place or written slowly, kill -9.

A worker is struck within milliseconds of a line of its log (so at every edge that it tells of), at the edges of its talk with
PostgreSQL, at random, and is stopped beyond its lease. What is left is held against what must be there, as in crash_test.py.
"""
import argparse
import collections
import json
import random
import sqlite3
import sys
import threading
import time
from urllib.parse import quote, unquote

import truth
from bed import Bed
from chaos import Chaos, Storm, Strike, phases
from fleet import Fleet, Worker
from stage import rows
from verdict import Verdict

LEASE_SECONDS = 3
BACKLOG = 8
LOG_EDGES = ["Message taken", "Job begun", "Step done download", "Step done transform", "Step done load", "Step done convert",
             "Step done validate", "Step done upload", "Job succeeded", "Attempt ended without success"]
DATABASE_EDGES = ["PostgreSQL BEGIN", "PostgreSQL rows", "PostgreSQL end of rows", "PostgreSQL INSERT", "PostgreSQL COMMIT"]
LATEST_AFTER_LINE_SECONDS = 0.03


class LogWatch:
    """Reads what the workers say as they say it, and strikes soon after an armed line."""

    def __init__(self, chaos, fleet):
        self.chaos, self.fleet = chaos, fleet
        self.rng = random.Random(chaos.rng.random())
        self.over = threading.Event()
        self.threads = [threading.Thread(target=self._watch, args=(worker,), daemon=True) for worker in fleet.workers]
        for thread in self.threads:
            thread.start()

    def _watch(self, worker):
        while not worker.log.exists():
            time.sleep(0.01)
        with open(worker.log, errors="replace") as log:
            rest = ""
            while not self.over.is_set():
                rest += log.read()
                while "\n" in rest:
                    line, rest = rest.split("\n", 1)
                    self._heard(worker, line)
                time.sleep(0.002)

    def _heard(self, worker, line):
        try:
            said = json.loads(line)
        except ValueError:
            return
        edge = f"{said.get('message')} {said.get('step', '')}".strip() if said.get("message") == "Step done" else said.get("message")
        with self.chaos.lock:
            self.chaos.seen[edge] += 1
            strike = next((s for s in self.chaos.armed if s.edge == edge), None)
            if strike is None or worker.state != "up":
                return
            self.chaos.armed.remove(strike)
            self.chaos.note(strike, worker, LEASE_SECONDS + 1 if strike.kind == "stop" else 0, said.get("job_id"))
            wait = self.rng.uniform(0, LATEST_AFTER_LINE_SECONDS)
        time.sleep(wait)
        if strike.kind == "kill":
            self.fleet.kill(worker)
        else:
            self.fleet.stop_for(worker, LEASE_SECONDS + 1)


class Landing:
    """Brings files into `landing/` as people do."""

    def __init__(self, root, seed):
        self.landing, self.aside = root / "landing", root.parent / "aside"
        self.aside.mkdir(parents=True)
        self.rng = random.Random(f"landing {seed}")
        self.writers = []
        self.ways = collections.Counter()

    def bring(self, expected):
        place = self.landing / expected.key
        place.parent.mkdir(parents=True, exist_ok=True)
        way = self.rng.choice(["renamed into place", "written slowly", "written at once", "as .part, then renamed"])
        self.ways[way] += 1
        if way == "written at once":
            place.write_bytes(expected.data)
        elif way == "written slowly":
            writer = threading.Thread(target=self._write_slowly, args=(place, expected.data), daemon=True)
            writer.start()
            self.writers.append(writer)
        else:
            half = self.aside / str(self.ways.total()) if way == "renamed into place" else place.with_name(place.name + ".part")
            half.write_bytes(expected.data)
            half.rename(place)

    @staticmethod
    def _write_slowly(place, data):
        """Half a file, for longer than a scan takes, and then the rest: the file is whole only when it is closed."""
        with open(place, "wb") as file:
            file.write(data[:len(data) // 2])
            file.flush()
            time.sleep(1.5)
            file.write(data[len(data) // 2:])


class Local:
    """The backend's root, read as it is."""

    def __init__(self, root):
        self.root = root

    def ask(self, sql):
        try:
            with sqlite3.connect(f"file:{self.root}/landfall.sqlite?mode=ro", uri=True, timeout=30) as database:
                database.row_factory = sqlite3.Row
                return [dict(row) for row in database.execute(sql)]
        except sqlite3.OperationalError:
            return []

    def queued(self):
        return sum(row["n"] for row in self.ask("SELECT count(*) n FROM messages"))

    def items(self):
        items = []
        for row in self.ask("SELECT * FROM jobs"):
            item = {k: v for k, v in row.items() if v is not None}
            for name in ("counts", "error", "announcements"):
                item[name] = json.loads(item.get(name) or "null") or {}
            # One version of each file is brought; what names it is the backend's own.
            item["local_version"] = item.pop("version", None)
            item.pop("etag", None)
            items.append(item)
        return items

    def collect(self, bed):
        announced = []
        events = self.root / "events.jsonl"
        for line in events.read_text().splitlines() if events.exists() else []:
            try:
                a = json.loads(line)
            except ValueError:  # a line that a kill cut off: the next attempt says it again
                continue
            announced.append({"id": a["id"], "type": a["detail-type"], "job": a["detail"]["job_id"], "detail": a["detail"]})
        objects = {}
        for folder in ("output", "rejects"):
            for path in (self.root / folder).rglob("*"):
                if path.is_file():
                    objects["file://" + quote(str(path), safe="/~")] = path.read_bytes()
        letters = [{"body": row["body"], "attributes": json.loads(row["attributes"])}
                   for row in self.ask("SELECT * FROM dead_letters")]
        work = self.root / "work"
        return {"items": self.items(), "ledger": {row[0]: int(row[1]) for row in bed.psql("SELECT load_id, rows FROM landfall.loads")},
                "rows": {(table, unquote(source.split("#")[0])): found for (table, source), found in rows(bed).items()},
                "objects": objects, "letters": letters, "announced": {"events file": announced}, "queued": self.queued(),
                "scratch": sorted(p.name for p in work.iterdir()) if work.exists() else []}


class LocalFile(truth.Expected):
    """A file in `landing/`."""
    root = None

    @property
    def source(self):
        return f"file://{self.root}/landing/{self.key}"

    @property
    def identity(self):
        return "landing", self.key, None


def make_plan(seed, kills):
    rng = random.Random(f"plan {seed}")
    corners = [(edge, None) for edge in LOG_EDGES] + [corner for edge in DATABASE_EDGES for corner in phases(edge)]
    strikes = []
    while len(strikes) < kills:
        rng.shuffle(corners)
        strikes += [Strike("kill", *corner) for corner in corners[:kills - len(strikes)]]
    extra = [Strike("random kill") for _ in range(kills // 4)] + [Strike("leave") for _ in range(max(1, kills // 15))]
    extra += [Strike("stop", rng.choice(LOG_EDGES), None) for _ in range(max(1, kills // 10))]
    extra += [Strike("cut", "PostgreSQL COMMIT", phase) for phase in ("before", "after")]
    for strike in extra:
        strikes.insert(rng.randrange(len(strikes) + 1), strike)
    return strikes


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--seed", type=int, default=None)
    parser.add_argument("--files", type=int, default=150)
    parser.add_argument("--kills", type=int, default=80)
    parser.add_argument("--seconds", type=int, default=600)
    parser.add_argument("--pause", type=float, nargs=2, default=(0.05, 0.5))
    parser.add_argument("--keep", action="store_true")
    given = parser.parse_args()
    seed = given.seed if given.seed is not None else random.SystemRandom().randrange(10**6)
    print(f"local crash test: seed {seed}, {given.files} files, {given.kills} kills", flush=True)
    with Bed(keep=given.keep, has_aws=False) as bed:
        return play(bed, given, seed)


def play(bed, given, seed):
    started = time.monotonic()
    root = bed.folder / "local"
    LocalFile.root = root
    pipelines = bed.folder / "pipelines"
    pipelines.mkdir()
    for name, text in truth.PIPELINES.items():
        (pipelines / name).write_text(text)
    environment = {
        "LANDFALL_BACKEND": "local", "LANDFALL_LOCAL_ROOT": str(root), "LANDFALL_PIPELINES": str(pipelines),
        "LANDFALL_ADMIN_ADDRESS": "off", "LANDFALL_LEASE_SECONDS": str(LEASE_SECONDS), "LANDFALL_MAX_ATTEMPTS": "500",
        "LANDFALL_CONCURRENCY": "2", "LANDFALL_DRAIN_SECONDS": "1"}
    chaos = Chaos(LEASE_SECONDS, seed)
    workers = [Worker(number, environment, None, bed.postgres_port, chaos, bed.folder) for number in range(2)]
    fleet = chaos.fleet = Fleet(workers, random.Random(f"fleet {seed}"), restart_seconds=(0.02, 0.4))
    landing, local, files = Landing(root, seed), Local(root), truth.Files(seed, large_rows=20_000)
    kinds = [kind for kind in files.plan(given.files) if kind != "missing"]
    expected = []
    storm = Storm(make_plan(seed, given.kills), chaos, fleet, bed, given.pause, LEASE_SECONDS)
    try:
        fleet.start()
        watch = LogWatch(chaos, fleet)
        storm.start()
        while kinds and time.monotonic() - started < given.seconds * 0.8:
            if local.queued() < BACKLOG:
                made = files.make(kinds.pop())
                made.__class__ = LocalFile
                expected.append(made)
                landing.bring(made)
            time.sleep(0.05)
        for writer in landing.writers:
            writer.join()
        while time.monotonic() - started < given.seconds * 0.8 and not storm.is_done and local.queued():
            time.sleep(0.2)
        storm.stop()
        is_over = False
        while not is_over and time.monotonic() - started < given.seconds:
            items = local.items()
            is_over = (len(items) >= len(expected) and local.queued() == 0
                       and all(i["status"] != "running" and not i.get("announcements") for i in items))
            time.sleep(0.5)
        fleet.renew(root / "work", local.items)
        fleet.leave()
        watch.over.set()
    finally:
        fleet.kill_all()
    (bed.folder / "journal.txt").write_text("\n".join(chaos.journal) + "\n")
    evidence = local.collect(bed)
    verdict = Verdict(evidence, expected, [])
    violations = verdict.violations + [("wrong", text) for text in fleet.unexpected]
    if not is_over:
        violations.insert(0, ("lost", f"not done within {given.seconds} s"))
    if storm.failure:
        violations.append(("wrong", f"the storm broke down: {storm.failure!r}"))
    report(chaos, landing, evidence, verdict, violations, fleet, expected, storm)
    print(f"{'FAILED' if violations else 'passed'} in {time.monotonic() - started:.0f} s, seed {seed}", flush=True)
    return 1 if violations else 0


def report(chaos, landing, evidence, verdict, violations, fleet, expected, storm):
    kinds = collections.Counter()
    for (kind, _, _), count in chaos.struck.items():
        kinds[kind] += count
    print("kills by edge:")
    for edge in LOG_EDGES:
        print(f"  within {LATEST_AFTER_LINE_SECONDS * 1000:.0f} ms of \"{edge}\": {chaos.struck['kill', edge, None]}")
    for edge in DATABASE_EDGES:
        print(f"  {edge}: {chaos.struck['kill', edge, 'before']} before, {chaos.struck['kill', edge, 'after']} after")
    print(f"faults: {kinds['kill'] + kinds['random kill']} kills ({kinds['random kill']} at random), {kinds['stop']} stops beyond the lease, "
          f"{kinds['cut']} connections cut, {kinds['leave']} SIGTERMs; {len(storm.plan)} found no occasion")
    print(f"files: {len(expected)} ({', '.join(f'{n} {way}' for way, n in sorted(landing.ways.items()))}); "
          f"workers started: {sum(w.starts for w in fleet.workers)}; rows: {sum(f['rows'] for f in evidence['rows'].values())}; "
          f"dead letters: {len(evidence['letters'])}")
    print(f"doubles that are allowed, with the same ids: {dict(verdict.doubles_allowed)}")
    found = collections.Counter(kind for kind, _ in violations)
    print(f"losses: {found['lost']}  doubles: {found['doubled']}  unannounced: {found['unannounced']}  wrong: {found['wrong']}  "
          f"left over: {found['left over']}")
    for kind, text in violations[:40]:
        print(f"  {kind}: {text}")


if __name__ == "__main__":
    sys.exit(main())
