#!/usr/bin/env python3
"""`make crash-test`: never lost, never twice, under kills, stops, cuts, restarts and a full disk; with figures.

Three workers, the release binary, work on two queues, one table and one work folder. Everything a worker says to AWS or to
PostgreSQL passes a relay (wire.py), where it can be killed before a request arrives or after its answer is ready: at every edge
between two things that it does. What is left at the end is held against what must be there (verdict.py).

Exit code 0: nothing lost, nothing doubled. 1: something was, or the harness could not show it. The same --seed makes the same
files, messages and plan of faults; which file a fault hits depends on the machine's timing.
"""
import argparse
import collections
import random
import sys
import time

import messages
from bed import Bed
from chaos import Chaos, Storm, make_plan
from edges import DEAD_LETTER
from fleet import Fleet, Worker
from stage import Feeder, Stage, collect
from truth import Files
from verdict import MUTATIONS, Verdict, undetected

LEASE_SECONDS = 4
BACKLOG = 14            # messages in the queues while files come in
ENOUGH = 5              # the same while the plan of faults is behind
LOOK_SECONDS = 1.0
WORK_MEGABYTES = 96
LEAKS = ("panic", "Fatal error", "internal.error", "internal.accounting", "records.unreadable")


def parse():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--seed", type=int, default=None, help="repeats a run (default: another one each time)")
    parser.add_argument("--files", type=int, default=300)
    parser.add_argument("--kills", type=int, default=150)
    parser.add_argument("--seconds", type=int, default=1500, help="how long it may take until all is done")
    parser.add_argument("--large-rows", type=int, default=40_000, help="rows of the files of several MB")
    parser.add_argument("--pause", type=float, nargs=2, default=(0.2, 1.2), metavar=("FROM", "TO"), help="seconds between faults")
    parser.add_argument("--keep", action="store_true", help="keep the run's folder, with the workers' logs")
    parser.add_argument("--break", dest="broken", choices=["ledger", "delete-early", "row"],
                        help="break something behind the workers' back: the run must fail then")
    return parser.parse_args()


class Run:
    def __init__(self, given):
        self.given = given
        self.seed = given.seed if given.seed is not None else random.SystemRandom().randrange(10**6)
        self.started = time.monotonic()
        self.violations = []

    def say(self, text):
        print(f"[{time.monotonic() - self.started:6.1f} s] {text}", flush=True)

    def play(self, bed):
        given = self.given
        print(f"crash test: seed {self.seed}, {given.files} files, {given.kills} kills; repeat it with --seed {self.seed} "
              f"--files {given.files} --kills {given.kills}", flush=True)
        self.bed = bed
        self.stage = Stage(bed, "crash", {
            "LANDFALL_LEASE_SECONDS": str(LEASE_SECONDS), "LANDFALL_MAX_ATTEMPTS": "500", "LANDFALL_CONCURRENCY": "2",
            "LANDFALL_DRAIN_SECONDS": "1"})
        self.chaos = Chaos(LEASE_SECONDS, self.seed)
        workers = []
        for number in range(3):
            # The third worker listens to another queue, which announces many of the same objects.
            queue = self.stage.queues[1 if number == 2 else 0]
            workers.append(Worker(number, self.stage.environment | {"LANDFALL_QUEUE_URL": queue}, bed.endpoint, bed.postgres_port,
                                  self.chaos, bed.folder))
        self.fleet = self.chaos.fleet = Fleet(workers, random.Random(f"fleet {self.seed}"))
        self.feeder = Feeder(self.stage, self.seed, Files(self.seed, given.large_rows), given.files)
        if given.broken == "ledger":
            self.break_ledger()
        try:
            self.fleet.start()
            self.say("the bed stands; first a few files in peace, to learn the edges")
            self.in_peace()
            self.in_storm()
            is_over = self.await_end()
            self.fleet.renew(bed.work, self.stage.items)
            self.fleet.leave()
        finally:
            self.fleet.kill_all()
        if not is_over:
            self.violations.append(("lost", f"not done within {given.seconds} s"))
        (bed.folder / "journal.txt").write_text("\n".join(self.chaos.journal) + "\n")
        self.judge()

    # -- acts

    def in_peace(self):
        """One file of each kind that has edges of its own, without faults."""
        count = min(len(self.feeder.kinds), max(6, min(17, self.given.files // 6)))
        target = len(self.feeder.expected) + count
        wanted = ["some bad rows", "to parquet", "strict bad row", "csv"]
        kinds = self.feeder.kinds
        for kind in reversed(wanted):
            if kind in kinds:
                kinds.remove(kind)
                kinds.append(kind)
        while len(self.feeder.expected) < target and not self.feeder.is_done:
            self.feeder.feed()
        self.feeder.send(messages.IGNORED[0])
        self.await_quiet(time.monotonic() + 60)
        self.edges = {edge for edge in self.chaos.seen if edge != "HeadBucket"}

    def in_storm(self):
        plan = make_plan(self.seed, self.edges, self.given.kills, self.bed.mounted)
        self.say(f"{len(self.edges)} edges; {len(plan)} faults are planned, {len(self.feeder.kinds)} files to come")
        if not self.bed.mounted:
            self.say("the work folder cannot be filled up: no right to mount a file system here")
        if self.given.broken == "delete-early":
            self.break_deletes()
        self.storm = Storm(plan, self.chaos, self.fleet, self.bed, self.given.pause, LEASE_SECONDS)
        self.storm.start()
        deadline = self.started + self.given.seconds * 0.8
        said = time.monotonic()
        while time.monotonic() < deadline and not (self.feeder.is_done and self.storm.is_done):
            while self.wants_files(len(plan)):
                self.feeder.feed()
            if self.feeder.is_done and self.stage.queued() == 0:
                break
            if time.monotonic() - said > 30:
                said = time.monotonic()
                self.say(f"{sum(self.chaos.struck.values())} faults so far, {len(self.storm.plan)} to come; "
                         f"{len(self.feeder.kinds)} files to come, {self.stage.queued()} messages in the queues")
            time.sleep(0.3)
        while not self.feeder.is_done:  # a run that was too slow for its plan still owes every file
            self.feeder.feed()
        self.storm.stop()
        self.say(f"the storm is over: {sum(self.chaos.struck.values())} faults, {len(self.storm.plan)} found no occasion")

    def wants_files(self, planned):
        """Files come as the plan goes on, so that the last fault finds one to strike, and never too few to go on."""
        queued = self.stage.queued()
        is_ahead = len(self.feeder.kinds) * planned < len(self.storm.plan) * self.feeder.total
        return not self.feeder.is_done and queued < (ENOUGH if is_ahead else BACKLOG)

    def await_quiet(self, deadline):
        """Until the queues are empty and every job has ended and said so."""
        while time.monotonic() < deadline:
            if self.stage.queued() == 0:
                items = self.stage.items()
                if all(i["status"] != "running" and i.get("announcements") in (None, [], [DEAD_LETTER]) for i in items):
                    return True
            time.sleep(LOOK_SECONDS)
        return False

    def await_end(self):
        if not self.await_quiet(self.started + self.given.seconds):
            self.say("not all is done, and the time is over")
            return False
        self.say("all is quiet")
        return True

    # -- what must be found

    def break_ledger(self):
        """A ledger that forgets: what keeps rows from being loaded twice is gone."""
        self.bed.psql("""CREATE SCHEMA landfall; CREATE TABLE landfall.loads (load_id text PRIMARY KEY, pipeline text NOT NULL,
            target_table text NOT NULL, source text NOT NULL, version text, rows bigint NOT NULL, checksum text,
            loaded_at timestamptz NOT NULL DEFAULT now());
            CREATE FUNCTION landfall.forget() RETURNS trigger LANGUAGE plpgsql AS 'BEGIN RETURN NULL; END';
            CREATE TRIGGER forget BEFORE INSERT ON landfall.loads FOR EACH ROW EXECUTE FUNCTION landfall.forget()""")

    def break_deletes(self):
        """Messages that are gone as soon as they are received: a worker that dies has lost them."""
        chaos, known = self.chaos, self.chaos.after
        queues = self.stage.queues

        def after(exchange):
            harm = known(exchange)
            if exchange.action == "ReceiveMessage":
                for handle in list(chaos.bodies):
                    for url in queues:
                        try:
                            self.stage.sqs.delete_message(QueueUrl=url, ReceiptHandle=handle)
                        except Exception:
                            pass
                    chaos.bodies.pop(handle, None)
            return harm
        chaos.after = after

    # -- the end

    def judge(self):
        if self.given.broken == "row":
            self.bed.psql("DELETE FROM shop.orders WHERE ctid = (SELECT min(ctid) FROM shop.orders)")
        evidence = collect(self.stage)
        self.verdict = Verdict(evidence, self.feeder.expected, self.feeder.garbage, self.chaos.excused_letters)
        self.violations += self.verdict.violations
        self.violations += [("wrong", text) for text in self.fleet.unexpected]
        if self.storm.failure:
            self.violations.append(("wrong", f"the storm broke down: {self.storm.failure!r}"))
        for worker in self.fleet.workers:
            for line in worker.log.read_text(errors="replace").splitlines():
                if any(word in line for word in LEAKS):
                    self.violations.append(("wrong", f"{worker} says {line[:300]}"))
        self.missed = []
        if not self.violations:
            self.missed = undetected(evidence, self.feeder.expected, self.feeder.garbage)
            self.violations += [("wrong", f"the harness did not notice: {name}") for name in self.missed]
        self.evidence = evidence

    def report(self):
        struck, verdict = self.chaos.struck, self.verdict
        kinds = collections.Counter()
        for (kind, _, _), count in struck.items():
            kinds[kind] += count
        print("\nkills by edge (before the request arrived, after its answer was ready, never told):")
        for edge in sorted(self.edges | {e for _, e, _ in struck if e}):
            before, after = struck["kill", edge, "before"], struck["kill", edge, "after"]
            print(f"  {edge:<34} {before:>4} {after:>4}   of {self.chaos.seen[edge]} times")
        kills = kinds["kill"] + kinds["random kill"]
        print(f"\nfaults: {kills} kills ({kinds['kill']} at edges, {kinds['random kill']} at random), {kinds['stop']} stops beyond the "
              f"lease, {kinds['hold']} requests held beyond it, {kinds['cut']} connections cut, {kinds['leave']} SIGTERMs, "
              f"{kinds['crash PostgreSQL']} PostgreSQL crashes, {kinds['fill the work folder']} times a full work folder")
        feeder = self.feeder
        statuses = collections.Counter(item["status"] for item in self.evidence["items"])
        attempts = sorted((item["attempt"] for item in self.evidence["items"]), reverse=True)
        print(f"files: {len(feeder.expected)} versions ({', '.join(f'{n} {s}' for s, n in sorted(statuses.items()))}), "
              f"{feeder.in_parts} in parts (announced twice), {feeder.duplicates} announced again by hand, "
              f"{feeder.many_records} messages of several records, {len(feeder.garbage)} bodies that are none")
        rows = sum(found["rows"] for found in self.evidence["rows"].values())
        print(f"rows in PostgreSQL: {rows}; outputs read back: {verdict.files_read}; dead letters: {len(self.evidence['letters'])}; "
              f"attempts at one job: up to {attempts[0] if attempts else 0}; "
              f"workers started: {sum(w.starts for w in self.fleet.workers)}")
        allowed = ", ".join(f"{n} {what}" for what, n in sorted(verdict.doubles_allowed.items()))
        print(f"doubles that are allowed, with the same ids: {allowed or 'none'}")
        found = collections.Counter(kind for kind, _ in self.violations)
        print(f"losses: {found['lost']}  doubles: {found['doubled']}  unannounced: {found['unannounced']}  wrong: {found['wrong']}  "
              f"left over: {found['left over']}")
        for kind, text in self.violations[:60]:
            print(f"  {kind}: {text}")
        if not self.violations:
            print(f"the harness can fail: {len(MUTATIONS)} of {len(MUTATIONS)} changes to what was found are noticed")
        print(f"{'FAILED' if self.violations else 'passed'} in {time.monotonic() - self.started:.0f} s, seed {self.seed}", flush=True)
        return 1 if self.violations else 0


def main():
    run = Run(parse())
    with Bed(keep=run.given.keep, work_megabytes=WORK_MEGABYTES) as bed:
        run.play(bed)
        return run.report()


if __name__ == "__main__":
    sys.exit(main())
