"""Runs Landfall on each file of the corpora, and holds what it reads against verdicts.tsv.

check.py BINARY FOLDER-OF-CORPORA [WORD ...]     only the files whose names hold a word, where words are given

A difference is an error unless differences.tsv names it, with its kind and the reason for which we read the file another way; a
line there that is no difference is an error too. Files that the table does not know may be read or refused, but must end with a
code. Kinds: refused, read (and should not be), rejects, rows, columns, values, types; a crash or a hang is never accepted.
"""
import concurrent.futures
import fnmatch
import json
import os
import subprocess
import sys
import tempfile
import threading
from pathlib import Path

import meaning

HERE = Path(__file__).parent
LIMIT_SECONDS = 20
GROUPS = ("2-csv", "3-json", "4-tabular", "7-compressed")
ACCEPTED, BAD_DATA = 0, 65
BINARY, ROOT, WORDS = os.path.abspath(sys.argv[1]), Path(sys.argv[2]), sys.argv[3:]
folders = threading.local()


class Run:
    def __init__(self, *arguments):
        try:
            done = subprocess.run([BINARY, *arguments, "--json"], capture_output=True, timeout=LIMIT_SECONDS, cwd=folders.path, env={})
        except subprocess.TimeoutExpired:
            self.status, self.error, self.report = None, f"runs for more than {LIMIT_SECONDS} s", {}
            return
        self.status = done.returncode
        self.error = done.stderr.decode(errors="replace").strip()
        self.report = json.loads(done.stdout) if self.status == ACCEPTED else {}

    @property
    def crashed(self):
        return self.status not in (ACCEPTED, BAD_DATA) or (self.status == BAD_DATA and not self.error)


def out(ending):
    path = os.path.join(folders.path, f"out.{ending}")
    if os.path.exists(path):
        os.remove(path)
    return path


class Difference(Exception):
    """What Landfall does otherwise than the table says: its kind, and more in words."""


def compare(name, expected):
    """Raises a Difference."""
    path, _, member = name.partition("!")
    options = [str(ROOT / path), *(["--member", member] if member else [])]
    expect, rows, columns, digest, typed = expected
    is_json = name.startswith("3-json/")
    # With types, inspect would say what convert does: the values show it.
    inspect = Run("inspect", *options) if is_json or not typed else None
    converted = out("jsonl" if is_json else "csv")
    convert = Run("convert", *options, converted, "--on-error", "reject")
    for run in filter(None, (inspect, convert)):
        if run.crashed:
            raise Difference("ends", f"ends with {run.status}: {run.error}")
    rejected = convert.report.get("rows_rejected", 0)
    if expect == "any":
        return
    if expect == "refuse":
        if convert.status == ACCEPTED and not rejected:
            raise Difference("read", "is read")
        return
    for run in filter(None, (inspect, convert)):
        if run.status != ACCEPTED:
            raise Difference("refused", f"is refused: {run.error}")
    if rejected:
        raise Difference("rejects", f"{rejected} rows are rejected")
    if is_json:
        found = [meaning.row(meaning.load(line)) for line in open(converted, encoding="utf-8")]
        compare_count("rows", len(found), rows)
        compare_count("rows", inspect.report["rows"], rows)
        return compare_digest("values", found, digest)
    names, found = meaning.read_csv(converted)
    found = meaning.table(found)
    compare_count("rows", len(found), rows)
    compare_count("columns", meaning.width(names), columns)
    compare_digest("values", found, digest)
    if typed:
        converted = out("jsonl")
        run = Run("convert", *options, converted, "--on-error", "reject")
        if run.status != ACCEPTED:
            raise Difference("types", f"is refused with types: {run.error}")
        compare_digest("types", meaning.read_jsonl(converted), typed)


def compare_count(kind, found, expected):
    if expected and found != int(expected):
        raise Difference(kind, f"has {found} {kind}, expected {expected}")


def compare_digest(kind, found, expected):
    if expected and meaning.digest(found) != expected:
        raise Difference(kind, "has other values" + (" once it has types" if kind == "types" else ""))


def lines(path):
    with open(path, encoding="utf-8") as file:
        return [line.rstrip("\n").split("\t") for line in file if line.strip() and not line.startswith("#")]


def unlisted(known):
    known = {name.partition("!")[0] for name in known}
    for group in GROUPS:
        for entry in json.loads((ROOT / group / "manifest.json").read_text()):
            name = entry["path"]
            if name not in known and not meaning.is_expectation(name) and (ROOT / name).exists():
                yield name


def check(name, expected):
    if not hasattr(folders, "path"):
        folders.path = tempfile.mkdtemp(dir=folder_of_all.name)
    try:
        compare(name, expected)
    except Difference as difference:
        return difference.args
    return None


def main():
    table = {line[0]: line[1:6] for line in lines(HERE / "verdicts.tsv")[1:]}
    accepted = {(line[0], line[1]): 0 for line in lines(HERE / "differences.tsv")}
    names = [n for n in table if (ROOT / n.partition("!")[0]).exists()]
    if not names:
        sys.exit(f"{ROOT} holds none of the files that verdicts.tsv names")
    names += unlisted(table)
    names = [n for n in names if not WORDS or any(w in n for w in WORDS)]
    failures = 0
    with concurrent.futures.ThreadPoolExecutor(max_workers=os.cpu_count()) as pool:
        for name, found in zip(names, pool.map(lambda n: check(n, table.get(n, ["any"] + [""] * 4)), names)):
            if not found:
                continue
            known = [key for key in accepted if key[1] == found[0] and fnmatch.fnmatchcase(name, key[0])]
            for key in known:
                accepted[key] += 1
            if not known:
                failures += 1
                print(f"{name}\t{found[0]}\t{found[1]}")
    for (pattern, kind), count in accepted.items():
        if not count and not WORDS and any(fnmatch.fnmatchcase(n, pattern) for n in names):
            failures += 1
            print(f"{pattern}\t{kind}\tis no difference: take it out of differences.tsv")
    print(f"{len(names)} files, {failures} otherwise than expected, {sum(accepted.values())} known differences")
    sys.exit(failures > 0)


folder_of_all = tempfile.TemporaryDirectory()
main()
