#!/usr/bin/env python3
"""Reads what a demo left behind, and says whether it is as it should be. Python's standard library only.

usage: verify.py check FOLDER           every check, one line each; exit code 1 if one fails
       verify.py ended|ids|first-id FILE, announcements FILE, rejects LIST, sql FILE, named PATH      for the demo scripts
"""
import csv
import json
import os
import sys

ENDED = {"succeeded", "rejected", "superseded", "failed", "cancelled"}
LINEAGE = ["_row", "_line", "_byte", "_column", "_code", "_reason"]
csv.field_size_limit(10_000_000)


def lines(path):
    with open(path, encoding="utf-8") as file:
        return [json.loads(line) for line in file if line.strip()]


def ended(path):
    print(sum(job["status"] in ENDED for job in lines(path)))


def ids(path):
    print("\n".join(job["job_id"] for job in lines(path)))


def first_id(path):
    print(next((letter["id"] for letter in lines(path)), ""))


def sql(path):
    with open(path, encoding="utf-8") as file:
        print(json.load(file)["contacts"]["sql"])


def named(path):
    """Adds the path to an `inspect --json` document on stdin, and puts it on one line."""
    print(json.dumps({"path": path, **json.load(sys.stdin)}, ensure_ascii=False))


def announcements(path):
    for event in lines(path):
        detail = event["detail"]
        print(f"{event['detail-type']}: {json.dumps(detail, ensure_ascii=False)}"[:600])


def reject_rows(list_path):
    rows = []
    with open(list_path, encoding="utf-8") as file:
        for path in file.read().split("\n"):
            if path:
                with open(path, encoding="utf-8", newline="") as rejected:
                    rows += [row for row in csv.DictReader(rejected) if set(LINEAGE) <= row.keys()]
    return rows


def rejects(list_path):
    for row in reject_rows(list_path):
        print(f"record {row['_row']}, line {row['_line']}, byte {row['_byte']}, column {row['_column'] or '-'}: "
              f"{row['_code']}\n    {row['_reason']}")


class Checks:
    def __init__(self):
        self.failed = 0

    def equal(self, what, found, expected):
        self.true(what, found == expected, f"expected {expected!r}, found {found!r}")

    def true(self, what, holds, otherwise):
        self.failed += not holds
        print(f"ok      {what}" if holds else f"FAILED  {what}: {otherwise}")


def check_jobs(checks, jobs, expected):
    by_key = {job["key"]: job for job in jobs}
    checks.equal("three jobs", sorted(by_key), ["crm/broken.csv", "crm/contacts.csv", "exports/readings.jsonl"])
    contacts, readings, broken = (by_key.get(k, {}) for k in ("crm/contacts.csv", "exports/readings.jsonl", "crm/broken.csv"))
    checks.equal("contacts.csv succeeded, readings.jsonl succeeded, broken.csv was rejected",
                 [job.get("status") for job in (contacts, readings, broken)], ["succeeded", "succeeded", "rejected"])
    counts = contacts.get("counts", {})
    checks.equal("contacts.csv: rows read, loaded and rejected are on the job's record",
                 [counts.get(name) for name in ("read", "loaded", "rejected")],
                 [expected["contacts"]["read"], expected["contacts"]["loaded"], len(expected["contacts"]["rejected"])])
    counts = readings.get("counts", {})
    checks.equal("readings.jsonl: rows read and written are on the job's record",
                 [counts.get(name) for name in ("read", "written")], [expected["readings"]["read"]] * 2)
    checks.equal("broken.csv: the record says why", (broken.get("error") or {}).get("code"), "csv.unclosed_quote")
    return contacts, readings, broken


def check_announcements(checks, where, events):
    unique = {(event["detail-type"], event["detail"]["job_id"]): event for event in events}
    kinds = sorted(kind for kind, _ in unique)
    checks.equal(f"{where}: two Job Succeeded, one Job Rejected, two Parquet Created", kinds,
                 ["Job Rejected", "Job Succeeded", "Job Succeeded", "Parquet Created", "Parquet Created"])
    checks.equal(f"{where}: all from source landfall", {event["source"] for event in events}, {"landfall"})


def check(folder):
    evidence = os.path.join(folder, "evidence")
    here = lambda name: os.path.join(evidence, name)  # noqa: E731
    with open(os.path.join(folder, "files", "expected.json"), encoding="utf-8") as file:
        expected = json.load(file)
    checks = Checks()

    contacts, _, broken = check_jobs(checks, lines(here("jobs.jsonl")), expected)
    with open(here("table.txt"), encoding="utf-8") as file:
        count, _, digest = file.read().strip().partition("|")
    checks.equal("demo.contacts: the count of rows", int(count or 0), expected["contacts"]["loaded"])
    checks.equal("demo.contacts: every value, null and empty text told apart", digest, expected["contacts"]["md5"])

    rows = {"contacts": 0, "readings": 0}
    for file in lines(here("parquet.jsonl")):
        for name in rows:
            rows[name] += file["rows"] if name in os.path.relpath(file["path"], folder) else 0
    checks.equal("Parquet: the rows of contacts and readings", rows,
                 {"contacts": expected["contacts"]["loaded"], "readings": expected["readings"]["read"]})

    found = reject_rows(here("rejects.txt"))
    checks.equal("rejects: exactly the bad records", sorted(int(row["_row"]) for row in found),
                 expected["contacts"]["rejected"])
    checks.true("rejects: each has a code and a reason", all(row["_code"] and row["_reason"] for row in found), found)

    letters = lines(here("dlq.jsonl"))
    checks.equal("one dead letter", len(letters), 1)
    attributes = letters[0]["attributes"] if letters else {}
    checks.equal("the dead letter says which job, and why", [attributes.get("job.id"), attributes.get("error.code")],
                 [broken.get("job_id"), "csv.unclosed_quote"])

    for channel in ("events", "topic", "bus"):
        if os.path.exists(here(f"announced-{channel}.jsonl")):
            check_announcements(checks, channel, lines(here(f"announced-{channel}.jsonl")))
    if os.path.exists(here("items.jsonl")):
        statuses = {item["key"]: item["status"] for item in lines(here("items.jsonl"))}
        checks.equal("DynamoDB holds the same three jobs", statuses,
                     {job["key"]: job["status"] for job in lines(here("jobs.jsonl"))})
    if os.path.exists(here("queue.json")):
        checks.equal("nothing is left in the queue", lines(here("queue.json"))[0]["left"], 0)
    return 1 if checks.failed else 0


COMMANDS = {"check": check, "ended": ended, "ids": ids, "first-id": first_id, "sql": sql, "named": named,
            "announcements": announcements, "rejects": rejects}

if __name__ == "__main__":
    if len(sys.argv) != 3 or sys.argv[1] not in COMMANDS:
        sys.exit(__doc__)
    sys.exit(COMMANDS[sys.argv[1]](sys.argv[2]))
