#!/usr/bin/env python3
"""`make fault-matrix`: each action of AWS that the worker calls, with each fault; nothing is lost, and the outcome has a name.

A cell is a deployment of its own with one worker and one file. Its fault comes twice (a stall: once), or it lasts until the worker
has shown what it does then, and is lifted. At the end the file is done exactly once or stands in the dead-letter queue, its message
is gone and its end was announced; else the cell fails. The outcomes are compared with docs/FAULTS.md.
"""
import argparse
import gzip
import json
import random
import socket
import sys
import threading
import time
import urllib.error
import urllib.request
from concurrent.futures import ThreadPoolExecutor

import messages
import truth
from bed import TOP, Bed
from chaos import Chaos
from faults import FAULTS, FaultTap
from fleet import Fleet, Worker
from stage import Stage, collect, provision

DOCUMENT = TOP / "docs/FAULTS.md"
LEASE_SECONDS = 10       # a loaded machine must not lose it
LARGE_LEASE_SECONDS = 40
VISIBILITY_SECONDS = 2   # longer waits of the worker's are cut to this
LASTING_SECONDS = 60     # how long a lasting fault is watched from its first strike on, where the job does not end
LASTING_STALL_SECONDS = 40
PATIENCE_SECONDS = 600
SETTLED_SECONDS = 1.0

# What is known to need its own file; all others are tried with the good one.
SUBJECTS = {"SendMessage": "bad", "ChangeMessageVisibility": "slow", "ListMultipartUploads": "large",
            "CreateMultipartUpload": "large", "UploadPart": "large", "CompleteMultipartUpload": "large"}
LARGE_ROWS, LARGE_NOTE = 70, 1_000_000  # more than the 64 MB above which uploads go in parts


def free_port():
    with socket.socket() as one:
        one.bind(("127.0.0.1", 0))
        return one.getsockname()[1]


class Cell:
    """One action with one fault, a few times or lasting."""
    lock = threading.Lock()
    number = 0

    def __init__(self, action, fault, is_lasting):
        self.action, self.fault, self.is_lasting = action, fault, is_lasting
        self.problems = []
        self.lease = LARGE_LEASE_SECONDS if SUBJECTS.get(action) == "large" or action is None else LEASE_SECONDS
        with Cell.lock:
            Cell.number += 1
            self.number = Cell.number

    def __str__(self):
        return f"{self.action}, {self.fault}, {'lasting' if self.is_lasting else 'a few times'}"

    def files(self):
        made = truth.Files(self.number)
        made.next_id = self.number * 1000
        subject = SUBJECTS.get(self.action, "good")
        if self.action is None:
            return [self.file(made, each) for each in self.subjects]
        return [self.file(made, subject)]

    def file(self, made, subject):
        if subject == "bad":
            return made.make("strict bad row", 20)
        if subject == "large":
            rows = truth.make_rows(made.rng, made.next_id, LARGE_ROWS)
            for row in rows:
                row[6] = "x" * LARGE_NOTE
            return truth.Expected("large", "to-csv-plain/large.jsonl.gz", gzip.compress(truth.as_json_lines(rows), 1, mtime=0),
                                  "succeeded", rows=rows)
        return made.make("some bad rows", 200)

    # -- one run

    def run(self, bed):
        """The outcome in words."""
        self.expected = self.files()
        stage = self.stage = Stage(bed, f"cell{self.number}", {})
        secret = f"cell{self.number}/database"
        provision.client("secretsmanager", bed.endpoint).create_secret(Name=secret, SecretString=bed.postgres)
        self.tap = FaultTap(self.action, self.fault, self.is_lasting, self.shorten)
        if SUBJECTS.get(self.action) == "slow" or self.action is None:
            self.tap.holds["GetObject"] = self.lease * 0.5
        port = free_port()
        environment = stage.environment | {
            "LANDFALL_LEASE_SECONDS": str(self.lease), "LANDFALL_MAX_ATTEMPTS": "2", "LANDFALL_CONCURRENCY": "2",
            "LANDFALL_DRAIN_SECONDS": "1", "LANDFALL_ADMIN_ADDRESS": f"127.0.0.1:{port}", "LANDFALL_DATABASE_SECRET": secret,
            "LANDFALL_WORK_DIR": str(bed.folder / f"work-{self.number}")}
        worker = Worker(self.number, environment, bed.endpoint, bed.postgres_port, self.tap, bed.folder)
        del worker.environment["LANDFALL_DATABASE_URL"]
        (bed.folder / f"work-{self.number}").mkdir()
        fleet = Fleet([worker], random.Random(self.number))
        try:
            for expected in self.expected:
                stage.put(expected, "none")
                stage.send(messages.event_bridge(expected))
            fleet.start()
            words = []
            if self.is_lasting:
                words.append(self.watch(stage, port))
                self.tap.lift()
            words.append(self.final(stage, fleet))
            fleet.leave()
        finally:
            fleet.kill_all()
        self.problems += fleet.unexpected
        if self.action and not self.tap.struck:
            self.problems.append("the fault never struck")
        if len(words) == 2 and words[1].startswith(words[0]):
            del words[0]
        return "; then ".join(words)

    def shorten(self, exchange):
        cutter = Chaos.__new__(Chaos)
        cutter.VISIBILITY_SECONDS = VISIBILITY_SECONDS if exchange.facts["message"].get("VisibilityTimeout", 0) > self.lease else 10**6
        cutter.shorten(exchange)

    def state(self, stage):
        """Where things stand: each file's record, and how many messages are left."""
        return stage.items(), stage.queued()

    @staticmethod
    def is_over(items, queued, count):
        return len(items) == count and queued == 0 and all(i["status"] != "running" and not i.get("announcements") for i in items)

    def watch(self, stage, port):
        """What the worker does while the fault lasts."""
        lasting = LASTING_STALL_SECONDS if self.fault == "stalled" else LASTING_SECONDS
        begun = time.monotonic()
        while time.monotonic() < (self.tap.first_at or begun + PATIENCE_SECONDS) + lasting:
            items, queued = self.state(stage)
            if self.is_over(items, queued, len(self.expected)):
                break
            time.sleep(0.5)
        words = [] if self.is_ready(port) else ["not ready"]
        item = items[0] if items else None
        if item is None or item["status"] == "running":
            words.append("the job waits")
        else:
            words.append(self.end_of(item))
            if item.get("announcements"):
                words.append("unannounced" if any(a != "dead-letter" for a in item["announcements"]) else "its dead letter waits")
            if queued:
                words.append("the message stays")
        return ", ".join(words)

    @staticmethod
    def is_ready(port):
        try:
            with urllib.request.urlopen(f"http://127.0.0.1:{port}/readyz", timeout=5) as answer:
                return answer.status == 200
        except urllib.error.HTTPError:
            return False
        except OSError:
            return False

    @staticmethod
    def end_of(item):
        """How many attempts it took depends on timing: it is no part of the outcome."""
        return "done" if item["status"] == "succeeded" else f"dead letter {item.get('error', {}).get('code')}"

    def final(self, stage, fleet):
        """Waits for the end, checks that nothing is lost, and names it."""
        deadline = time.monotonic() + PATIENCE_SECONDS
        quiet_since = None
        while time.monotonic() < deadline:
            items, queued = self.state(stage)
            if self.is_over(items, queued, len(self.expected)):
                quiet_since = quiet_since or time.monotonic()
                if time.monotonic() - quiet_since > SETTLED_SECONDS:
                    break
            else:
                quiet_since = None
            time.sleep(0.3)
        else:
            self.problems.append(f"not over after {PATIENCE_SECONDS} s: {[(i['status'], i.get('error'), i.get('announcements')) for i in items]}, "
                                 f"{queued} messages left")
            return "LOST"
        return self.judge(collect(stage), items)

    def judge(self, found, items):
        words = set()
        by_key = {item["key"]: item for item in items}
        for expected in self.expected:
            item = by_key[expected.key]
            rows = found["rows"].get((expected.table, expected.source), {"rows": 0, "different": 0, "checksum": ""})
            if expected.table and rows["rows"]:
                wanted = (len(expected.rows), len(expected.rows), expected.digest())
                if (rows["rows"], rows["different"], rows["checksum"]) != wanted:
                    self.problems.append(f"{rows} in the table, expected {wanted}")
            letters = [l for l in found["letters"] if l["attributes"].get("job.id") == item["job_id"]]
            if item["status"] == "succeeded":
                if expected.table and not rows["rows"]:
                    self.problems.append("succeeded, and no rows are there")
                receipt = json.loads(found["objects"].get(item["receipt"], b"{}"))
                if not receipt.get("outputs") or any(o["uri"] not in found["objects"] for o in receipt["outputs"]):
                    self.problems.append(f"succeeded, and its outputs are not there: {receipt.get('outputs')}")
                if letters:
                    self.problems.append("succeeded, and a dead letter")
            elif not letters:
                self.problems.append(f"{item['status']} {item.get('error')}, and no dead letter: lost")
            ended = self.end_of(item)
            if "succeeded" not in expected.statuses and item.get("error", {}).get("code") == expected.code:
                ended = "done"  # what must become of a bad file
            words.add(ended + (", rows are loaded" if item["status"] == "failed" and rows["rows"] else ""))
            if len(letters) > 1:
                words.add("dead letter twice")
            for channel in ("topic", "bus"):
                announced = [(a["type"], a["id"]) for a in found["announced"][channel] if a["job"] == item["job_id"]]
                wanted = {"succeeded": "Job Succeeded", "rejected": "Job Rejected", "failed": "Job Failed"}[item["status"]]
                if wanted not in {kind for kind, _ in announced}:
                    self.problems.append(f"{item['status']}, and the {channel} was not told: {announced}")
                # More than once is allowed, and depends on timing: it is no part of the outcome.
        if found["queued"]:
            self.problems.append(f"{found['queued']} messages left")
        return ", ".join(sorted(words, key=lambda w: (not w.startswith(("done", "dead letter ")), w)))


def discover(bed, subjects):
    """Every action that a worker calls, by a run of every kind of file without a fault."""
    cell = Cell(None, None, False)
    cell.subjects = subjects
    words = cell.run(bed)
    if words != "done" or cell.problems:
        sys.exit(f"without any fault: {words}, {cell.problems}")
    return sorted(cell.tap.actions)


def run_cells(bed, cells, threads):
    outcomes, failures = {}, []

    def run(cell):
        try:
            words = cell.run(bed)
        except Exception as failure:
            words = "ERROR"
            cell.problems.append(repr(failure))
        with Cell.lock:
            outcomes[cell.action, cell.fault, cell.is_lasting] = words
            failures.extend(f"{cell}: {problem}" for problem in cell.problems)
            print(f"  {cell.action:<24} {cell.fault:<14} {'lasting' if cell.is_lasting else 'a few times':<12} {words}"
                  + (f"   PROBLEM {cell.problems}" if cell.problems else ""), flush=True)
    with ThreadPoolExecutor(threads) as pool:
        list(pool.map(run, cells))
    return outcomes, failures


HEAD = """# Faults of AWS, and what becomes of a file

Each action that the worker calls, with each fault, as `make fault-matrix` has seen it: a worker with one file, two attempts and
a relay before AWS that does the fault. **Twice**: the first two calls of the action fail (a stall: the first). **For a while**:
every call fails until the worker has shown what it does then; then the fault is lifted. In every cell the file ends exactly once,
or in the dead-letter queue with its reason, from which it can be sent again; its message is gone, and its end is announced.
`make fault-matrix` fails when a cell ends otherwise than this page says, and `make fault-matrix WRITE=--write` writes the page anew.

"done" is what must become of the file: loaded or converted, and a bad file rejected. "the job waits": its message comes back until
the service works again. "dead letter twice": SQS has taken the copy and its answer did not come; a standard queue cannot be asked,
so it is sent again, with the same `job.id`. "answer lost": the service did what it was asked to, and the connection broke before it could say so.

| action | fault | twice | for a while |
|---|---|---|---|
"""


def table(outcomes):
    actions = sorted({action for action, _, _ in outcomes})
    lines = [f"| {action} | {fault} | {outcomes.get((action, fault, False), '')} | {outcomes.get((action, fault, True), '')} |"
             for action in actions for fault in FAULTS]
    return "\n".join(lines) + "\n"


def read_document():
    outcomes = {}
    for line in DOCUMENT.read_text().splitlines() if DOCUMENT.exists() else []:
        cells = [cell.strip() for cell in line.split("|")[1:-1]]
        if len(cells) == 4 and cells[1] in FAULTS:
            outcomes[cells[0], cells[1], False], outcomes[cells[0], cells[1], True] = cells[2], cells[3]
    return outcomes


def sample(actions):
    """One cell for each action, with another fault each; no stalls, which take their time."""
    quick = [fault for fault in FAULTS if fault != "stalled"]
    return [(action, quick[index % len(quick)], False) for index, action in enumerate(actions) if SUBJECTS.get(action) != "large"]


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--sample", action="store_true", help="one cell for each action, in about a minute")
    parser.add_argument("--write", action="store_true", help="write docs/FAULTS.md instead of comparing with it")
    parser.add_argument("--action", help="only this one")
    parser.add_argument("--fault", choices=list(FAULTS), help="only this one")
    parser.add_argument("--threads", type=int, default=6)
    parser.add_argument("--keep", action="store_true", help="keep the run's folder, with the workers' logs")
    given = parser.parse_args()
    started = time.monotonic()
    truth.PIPELINES["70-plain.yaml"] = ("name: plain\nmatch: { key: 'to-csv-plain/**' }\nworkflow: convertor\n"
                                        f"{truth.COLUMNS}output: {{ csv: {{ compression: none }} }}\n")
    with Bed(keep=given.keep) as bed:
        actions = discover(bed, ["good", "bad", "slow"] + ["large"] * (not given.sample))
        print(f"actions that workers call: {', '.join(actions)}", flush=True)
        known = read_document()
        failures = []
        if given.sample:
            wanted = sample(actions)
        else:
            wanted = [(a, f, lasting) for f in sorted(FAULTS, key=lambda f: f != "stalled") for a in actions for lasting in (True, False)]
        wanted = [w for w in wanted if (not given.action or w[0] == given.action) and (not given.fault or w[1] == given.fault)]
        outcomes, problems = run_cells(bed, [Cell(*one) for one in wanted], given.threads)
        failures += problems
    if given.write:
        known.update(outcomes)
        DOCUMENT.write_text(HEAD + table({k: v for k, v in known.items() if k[0] in actions}))
        print(f"written: {DOCUMENT}")
    else:
        failures += [f"{action} is called, and docs/FAULTS.md does not know it" for action in actions
                     if not any(action == one for one, _, _ in known)]
        failures += [f"{action}, {fault}, {'for a while' if lasting else 'twice'}: {words}; docs/FAULTS.md says: {known.get((action, fault, lasting))}"
                     for (action, fault, lasting), words in sorted(outcomes.items()) if known.get((action, fault, lasting)) != words]
    print(f"\n{table(outcomes)}\n{len(outcomes)} cells in {time.monotonic() - started:.0f} s; {len(failures)} are not as they must be")
    for failure in failures:
        print(f"  {failure}")
    return 1 if failures else 0


if __name__ == "__main__":
    sys.exit(main())
