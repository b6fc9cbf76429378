"""Holds what a run left behind against what must be there. Pure, so that it can be shown to fail (`Mutations`)."""
import collections
import copy
import hashlib
import json

import truth
from edges import DEAD_LETTER

JOB_TYPES = {"succeeded": "Job Succeeded", "rejected": "Job Rejected", "failed": "Job Failed"}


class Verdict:
    """`violations` is a list of (kind, sentence); the kinds are lost, doubled, wrong, unannounced, left over."""

    def __init__(self, evidence, expected, garbage, excused=()):
        self.evidence, self.expected, self.garbage, self.excused = evidence, expected, garbage, excused
        self.violations = []
        self.doubles_allowed = collections.Counter()
        self.jobs = {}
        self.files_read = 0
        self.judge_jobs()
        self.judge_rows()
        self.judge_outputs()
        self.judge_letters()
        self.judge_announcements()
        self.judge_leftovers()

    def say(self, kind, text):
        self.violations.append((kind, text))

    # -- one record for each version, ended as it must

    def judge_jobs(self):
        by_identity = collections.defaultdict(list)
        for item in self.evidence["items"]:
            by_identity[item["bucket"], item["key"], item.get("version") or item.get("etag")].append(item)
        for expected in self.expected:
            found = by_identity.pop(expected.identity, [])
            if not found:
                self.say("lost", f"{expected.kind} {expected.key}: no job")
                continue
            if len(found) > 1:
                self.say("doubled", f"{expected.kind} {expected.key}: {len(found)} jobs")
            item = self.jobs[expected] = found[0]
            error = item.get("error", {})
            if item["status"] not in expected.statuses:
                kind = "lost" if "succeeded" in expected.statuses else "wrong"
                self.say(kind, f"{expected.kind} {expected.key}: {item['status']} {error}, expected {sorted(expected.statuses)}")
            elif item["status"] == "rejected" and error.get("code") != expected.code:
                self.say("wrong", f"{expected.kind} {expected.key}: rejected with {error}, expected {expected.code}")
            if item["status"] == "succeeded":
                counts = item["counts"]
                done = counts["loaded"] if expected.table else counts["written"]
                wanted = (len(expected.rows) + expected.rejected, len(expected.rows), expected.rejected)
                if (counts["read"], done, counts["rejected"]) != wanted:
                    self.say("wrong", f"{expected.kind} {expected.key}: counts {counts}, expected read, done, rejected {wanted}")
            if item.get("owner") and item["status"] == "running":
                self.say("left over", f"{expected.key}: still held by {item['owner']}")
        for items in by_identity.values():
            self.say("wrong", f"a job that nobody asked for: {items[0]['bucket']} {items[0]['key']}")

    # -- every row once

    def judge_rows(self):
        left = dict(self.evidence["rows"])
        loads = dict(self.evidence["ledger"])
        for expected, item in self.jobs.items():
            if not expected.table or item["status"] != "succeeded":
                continue
            found = left.pop((expected.table, expected.source), None)
            if found is None:
                self.say("lost", f"{expected.kind} {expected.key}: none of its {len(expected.rows)} rows")
                continue
            if found["rows"] > found["different"] or found["rows"] > len(expected.rows):
                self.say("doubled", f"{expected.kind} {expected.key}: {found['rows']} rows, expected {len(expected.rows)}")
            elif found["rows"] < len(expected.rows):
                self.say("lost", f"{expected.kind} {expected.key}: {found['rows']} rows, expected {len(expected.rows)}")
            elif found["checksum"] != expected.digest():
                self.say("wrong", f"{expected.kind} {expected.key}: the rows' values differ")
            if found["jobs"] != [item["job_id"]]:
                self.say("wrong", f"{expected.kind} {expected.key}: rows of job {found['jobs']}, expected {item['job_id']}")
            if loads.pop(item["job_id"], None) != len(expected.rows):
                self.say("wrong", f"{expected.kind} {expected.key}: the ledger does not say {len(expected.rows)} rows")
        for (table, source), found in left.items():
            self.say("wrong", f"{table} holds {found['rows']} rows of {source}, which should have none")
        for load in loads:
            self.say("wrong", f"the ledger knows a load {load} that no job did")

    # -- every output once, and as its receipt says

    def judge_outputs(self):
        left = dict(self.evidence["objects"])
        for expected, item in self.jobs.items():
            if item["status"] != "succeeded":
                continue
            receipt = left.pop(item.get("receipt"), None)
            if receipt is None:
                self.say("lost", f"{expected.kind} {expected.key}: no receipt")
                continue
            receipt = json.loads(receipt)
            if receipt["job_id"] != item["job_id"]:
                self.say("wrong", f"{expected.kind} {expected.key}: the receipt is of job {receipt['job_id']}")
            formats = sorted(output["format"] == "rejects" for output in receipt["outputs"])
            if formats != [False] + [True] * (expected.rejected > 0):
                self.say("wrong", f"{expected.kind} {expected.key}: outputs {receipt['outputs']}")
            for output in receipt["outputs"]:
                self.judge_output(expected, output, left.pop(output["uri"], None))
        for uri in left:
            self.say("left over" if uri.endswith(".part") else "doubled", f"{uri} is named by no receipt")

    def judge_output(self, expected, output, data):
        if data is None:
            self.say("lost", f"{expected.kind} {expected.key}: {output['uri']} is not there")
        elif hashlib.sha256(data).hexdigest() != output["sha256"] or len(data) != output["bytes"]:
            self.say("wrong", f"{expected.kind} {expected.key}: {output['uri']} is not what the receipt says")
        elif output["format"] == "rejects":
            if output["rows"] != expected.rejected or data.count(b"value.bad_integer") != expected.rejected:
                self.say("wrong", f"{expected.kind} {expected.key}: the rejects are not the {expected.rejected} bad rows")
        else:
            self.files_read += 1
            if not expected.is_written_in(output["uri"], data) or output["rows"] != len(expected.rows):
                self.say("wrong", f"{expected.kind} {expected.key}: {output['uri']} holds other rows")

    # -- every bad file in the dead-letter queue once

    def judge_letters(self):
        by_job, by_body = collections.defaultdict(list), collections.defaultdict(list)
        for letter in self.evidence["letters"]:
            job = letter["attributes"].get("job.id")
            (by_job[job] if job else by_body[letter["body"]]).append(letter)
        texts = [letter["body"] for letter in self.evidence["letters"] if "job.id" in letter["attributes"]]
        for expected, item in self.jobs.items():
            letters = by_job.pop(item["job_id"], [])
            if item["status"] in ("succeeded", "superseded", "running"):
                if letters:
                    self.say("wrong", f"{expected.kind} {expected.key}: a dead letter of a job that is {item['status']}")
                continue
            # A message of several records has one letter; its body names all of them.
            if not letters and not any(self.names(text, expected) for text in texts):
                self.say("lost", f"{expected.kind} {expected.key}: not in the dead-letter queue")
            if letters and {letter["attributes"]["error.code"] for letter in letters} != {item.get("error", {}).get("code")}:
                self.say("wrong", f"{expected.kind} {expected.key}: its dead letter has another code")
            self.judge_copies(item["job_id"], f"{expected.kind} {expected.key}", letters)
        for job in by_job:
            self.say("wrong", f"a dead letter of job {job}, which is none")
        wanted = collections.Counter(self.garbage)
        for body, count in wanted.items():
            letters = by_body.pop(body, [])
            if len(letters) < count:
                self.say("lost", f"the body {body!r} is not in the dead-letter queue")
            if any(letter["attributes"].get("error.code") != "message.not_understood" for letter in letters):
                self.say("wrong", f"the body {body!r} has another code than message.not_understood")
            self.judge_copies(hashlib.sha256(body.encode()).hexdigest(), f"the body {body!r}", letters, count)
        for body in by_body:
            self.say("wrong", f"a dead letter without a job: {body[:200]!r}")

    def judge_copies(self, letter, what, letters, wanted=1):
        if len(letters) <= wanted:
            return
        if letter in self.excused:
            self.doubles_allowed["dead letters"] += len(letters) - wanted
        else:
            self.say("doubled", f"{what}: {len(letters)} dead letters, and no kill between sending and recording one")

    @staticmethod
    def names(body, expected):
        """Whether a message of S3's names this object among its records."""
        text = json.loads(body) if body.startswith("{") else {}
        text = json.loads(text["Message"]) if "Message" in text and text["Message"].startswith("{") else text
        for record in text.get("Records", []):
            if record["s3"]["bucket"]["name"] == expected.bucket and record["s3"]["object"]["eTag"].strip('"') == expected.etag:
                return True
        return False

    # -- every end announced, on both channels, with stable ids

    def judge_announcements(self):
        ids = {}
        for channel, announced in self.evidence["announced"].items():
            by_job = collections.defaultdict(list)
            for one in announced:
                by_job[one["job"]].append(one)
            for expected, item in self.jobs.items():
                ids.setdefault(item["job_id"], {})[channel] = self.judge_announced(channel, expected, item, by_job.pop(item["job_id"], []))
            for job in by_job:
                self.say("wrong", f"{channel}: announced job {job}, which is none")
        for job, channels in ids.items():
            if len({frozenset(found) for found in channels.values()}) > 1:
                self.say("unannounced", f"job {job}: the channels differ: {channels}")

    def judge_announced(self, channel, expected, item, announced):
        what = f"{channel}: {expected.kind} {expected.key}"
        wanted = [JOB_TYPES[item["status"]]] if item["status"] in JOB_TYPES else []
        if item["status"] == "succeeded" and expected.pipeline in ("orders", "strict", "keyed", "to-parquet"):
            wanted.append("Parquet Created")
        found = {(one["type"], one["id"]) for one in announced}
        types = sorted(kind for kind, _ in found)
        if missing := set(wanted) - set(types):
            self.say("unannounced", f"{what}: no {sorted(missing)}")
        if len(types) > len(set(types)) or len({i for _, i in found}) < len(found):
            self.say("wrong", f"{what}: ids are not stable: {sorted(found)}")
        if set(types) - set(wanted) and wanted:
            self.say("wrong", f"{what}: announced {types}, and it is {item['status']}")
        if len({(one["id"], json.dumps(one["detail"], sort_keys=True)) for one in announced}) > len(found):
            self.say("wrong", f"{what}: one id says two things")
        self.doubles_allowed[f"announcements on the {channel}"] += len(announced) - len(found)
        return {i for _, i in found}

    # -- nothing left over

    def judge_leftovers(self):
        if self.evidence["queued"]:
            self.say("left over", f"{self.evidence['queued']} messages in the queues")
        by_id = {item["job_id"]: item for item in self.evidence["items"]}
        for item in by_id.values():
            if item["status"] == "running":
                self.say("left over", f"{item['key']}: the job still runs, at {item.get('step')}")
            elif item.get("announcements") == [DEAD_LETTER] and item["job_id"] in self.excused:
                self.doubles_allowed["records that do not know of their dead letter"] += 1
            elif item.get("announcements"):
                self.say("unannounced", f"{item['key']}: still to be announced: {item['announcements']}")
        for name in self.evidence["scratch"]:
            status = by_id.get(name, {}).get("status")
            if status not in ("rejected", "failed"):  # theirs are kept for a while, for people to look at
                self.say("left over", f"the work folder holds {name}, of a job that is {status}")


def mutate(change):
    def apply(evidence):
        copied = copy.deepcopy({k: v for k, v in evidence.items() if k != "objects"})
        copied["objects"] = dict(evidence["objects"])
        change(copied)
        return copied
    return apply


def first(evidence, status, **more):
    return next(i for i in evidence["items"] if i["status"] == status and all(i.get(k) == v for k, v in more.items()))


def change_row(name, value):
    def change(evidence):
        found = evidence["rows"][min(evidence["rows"])]
        found[name] = value(found[name])
    return change


def change_letters(change):
    def apply(evidence):
        letters = [letter for letter in evidence["letters"] if "job.id" in letter["attributes"]
                   and letter["body"].count("eTag") + letter["body"].count("etag") < 2]
        change(evidence["letters"], letters[0])
    return apply


def change_objects(change):
    def apply(evidence):
        key = min(k for k in evidence["objects"] if "/_landfall/" not in k)
        change(evidence["objects"], key)
    return apply


def change_announced(change):
    def apply(evidence):
        job = first(evidence, "succeeded")["job_id"]
        all_of = evidence["announced"]["topic"]
        change(all_of, next(a for a in all_of if a["job"] == job))
    return apply


def rename(announced):
    announced["id"] += "x"


def remark(announced, one):
    announced.append(copy.deepcopy(one) | {"id": one["id"] + "x"})


# What a harness that can fail must find, and under which name.
MUTATIONS = [
    ("a row is missing", "lost", change_row("rows", lambda n: n - 1)),
    ("a row stands twice", "doubled", change_row("rows", lambda n: n + 1)),
    ("a value is another", "wrong", change_row("checksum", lambda c: c[::-1])),
    ("a file's rows are all missing", "lost", lambda e: e["rows"].pop(min(e["rows"]))),
    ("a load stands in the ledger that no job did", "wrong", lambda e: e["ledger"].update({"0" * 32: 1})),
    ("a job has no record", "lost", lambda e: e["items"].remove(first(e, "succeeded"))),
    ("a job still runs", "left over", lambda e: first(e, "rejected").update(status="running")),
    ("a good file was rejected", "lost", lambda e: first(e, "succeeded").update(status="rejected", error={"code": "x"})),
    ("a code is another", "wrong", lambda e: first(e, "rejected").update(error={"code": "x.y"})),
    ("an output is missing", "lost", change_objects(lambda objects, key: objects.pop(key))),
    ("an output stands twice", "doubled", change_objects(lambda objects, key: objects.update({key + ".again": objects[key]}))),
    ("an output has another byte", "wrong", change_objects(lambda objects, key: objects.update({key: objects[key] + b"x"}))),
    ("a dead letter is missing", "lost", change_letters(lambda letters, one: letters.remove(one))),
    ("a dead letter is there twice", "doubled", change_letters(lambda letters, one: letters.append(one))),
    ("an end was not announced", "unannounced", change_announced(lambda all_of, one: all_of.remove(one))),
    ("an announcement's id changed", "wrong", change_announced(remark)),
    ("a message is left in the queue", "left over", lambda e: e.update(queued=1)),
    ("a scratch folder is left", "left over", lambda e: e["scratch"].append(first(e, "succeeded")["job_id"])),
]


def undetected(evidence, expected, garbage):
    """The mutations that the verdict does not find: there must be none."""
    missed = []
    before = Verdict(evidence, expected, garbage).violations
    for name, kind, change in MUTATIONS:
        found = Verdict(mutate(change)(evidence), expected, garbage).violations
        if not any(violation not in before and violation[0] == kind for violation in found):
            missed.append(name)
    return missed
