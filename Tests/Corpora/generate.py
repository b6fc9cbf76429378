"""Writes verdicts.tsv: what each file of the corpora holds, by the corpora's own expectations and by other readers.

generate.py FOLDER-OF-CORPORA > verdicts.tsv     (needs duckdb and pyarrow; Landfall is never asked)

expect    accept: it is read, whole. refuse: an error, or bad rows. any: either, but with a code.
rows      how many; empty where nobody knows for sure. Of a line of nothing but delimiters nobody does: such are not counted.
columns   how many
digest    of all values as they are written, see meaning.py
typed     of all values where numbers and dates have one spelling each
oracle    whose word it is: the corpus's expected output (own), its names or notes (name), Python, DuckDB, or both, where
          they read the same (both); "counts" where they agree on how many rows there are, and not on what they hold.
"""
import bz2
import contextlib
import csv
import gzip
import io
import json
import re
import sys
import tempfile
import zipfile
import zlib
from pathlib import Path

import duckdb
import pyarrow

import meaning

ROOT = Path(sys.argv[1])
# Oracles that no reader can meet: JSON of other content; CR LF in the JSON where the file, as stored, has LF.
WRONG_ORACLE = {"2-csv/csv-spectrum/csvs/location_coordinates.csv", "2-csv/csv-spectrum/csvs/newlines_crlf.csv"}
# Bad only for who knows which columns should be there.
NEEDS_SCHEMA = {"2-csv/csv-test-data/csv/bad-header-no-header.csv", "2-csv/csv-test-data/csv/bad-header-wrong-header.csv"}
DATA = {"csv", "txt", "tsv", "dat", "tbl", "psv"}
HEADER_NAME = re.compile(r" *col_\d+")


class Verdict:
    def __init__(self, expect, oracle, rows=None, columns=None, digest=None, typed=None):
        self.cells = [expect, *("" if v is None else str(v) for v in (rows, columns, digest, typed)), oracle]


ANY = Verdict("any", "none")


def of_table(names, rows, oracle):
    rows = meaning.table(rows)
    width = meaning.width(names) if names is not None else None
    return Verdict("accept", oracle, len(rows), width, meaning.digest(rows), meaning.digest(meaning.typed(rows)))


def parse(path):
    with open(path, encoding="utf-8", newline="") as file:
        return list(csv.reader(file))


# MARK: The corpora's own expectations

def pollock(path):
    clean = path.parent.parent / "clean" / path.name
    if not clean.exists():
        return None
    rows = [r for r in parse(clean) if r]
    about = json.loads((path.parent.parent / "parameters" / f"{path.name}_parameters.json").read_text(encoding="utf-8"))
    if int(about["header_lines"]):
        return of_table(rows[0], rows[1:], "own")
    # Without a header in the file, some clean files have names that were made up.
    if rows and all(HEADER_NAME.fullmatch(cell) for cell in rows[0]):
        return of_table(rows[0], rows[1:], "own")
    return of_table(None, rows, "own")


def beside(path):
    if path.name.startswith("bad-"):
        return Verdict("refuse", "name")
    expected = path.parent.parent / "json" / f"{path.stem}.json"
    if not expected.exists():
        return None
    rows = json.loads(expected.read_text(encoding="utf-8"))
    rows = [rows] if isinstance(rows, dict) else rows
    if not rows:  # a header alone, which this JSON cannot tell
        return of_table(path.read_text().strip().split(","), [], "own")
    if isinstance(rows[0], dict):
        return of_table(list(rows[0]), [list(r.values()) for r in rows], "own")
    return of_table(rows[0], rows[1:], "own")


# MARK: Other readers of delimited text

def text_of(data, entry):
    for mark, name in ((b"\xef\xbb\xbf", "utf-8-sig"), (b"\xff\xfe\0\0", "utf-32"), (b"\xff\xfe", "utf-16"), (b"\xfe\xff", "utf-16")):
        if data.startswith(mark):
            return data.decode(name)
    try:
        return data.decode("utf-8")
    except UnicodeDecodeError:
        return data.decode("cp1252") if "latin-1" in entry.get("encoding", "latin-1") else None


def as_declared(data, dialect):
    """The fields of a file whose makers said how it is to be loaded: delimiter and row end, and neither quotes nor a header."""
    wide = b"\0" in data[:64]
    text = data.decode("utf-16" if data[:2] in (b"\xff\xfe", b"\xfe\xff") else "utf-16-le" if wide else "utf-8-sig")
    end = dialect["row_terminator"]
    if end + "\n" not in text and end not in text:
        return None
    rows = [r.removesuffix("\r") for r in text.split(end) if r.strip()]
    return of_table(None, [r.split(dialect["field_terminator"]) for r in rows], "own")


def by_duckdb(text, folder):
    path = folder / "input.csv"
    path.write_bytes(text.encode())
    connection = duckdb.connect()
    sniffed = connection.execute("SELECT Delimiter, Quote, HasHeader FROM sniff_csv($p)", {"p": str(path)}).fetchall()[0]
    relation = connection.sql("FROM read_csv($p, all_varchar = true)", params={"p": str(path)})
    return sniffed, relation.columns, relation.fetchall()


def by_python(text, delimiter, quote):
    options = {"quotechar": quote, "doublequote": True} if quote else {"quoting": csv.QUOTE_NONE}
    return [r for r in csv.reader(io.StringIO(text, newline=""), delimiter=delimiter, strict=True, **options) if r]


def consensus(data, entry, folder):
    """What DuckDB and Python agree on. The dialect is DuckDB's guess or, where somebody looked, the manifest's."""
    try:
        text = text_of(data, entry)
    except UnicodeDecodeError:
        return ANY
    if not text or not text.strip():
        return Verdict("any", "none", 0)
    try:
        (delimiter, quote, header), names, duck = by_duckdb(text, folder)
    except duckdb.Error:
        return ANY
    quote = "" if quote in ("(empty)", "\0") else quote
    try:
        rows = by_python(text, delimiter, quote or '"')
    except (csv.Error, TypeError):
        return ANY
    if len({len(r) for r in rows}) > 1:
        return ANY  # ragged: who is right is a matter of rules
    rows = rows[1:] if header else rows
    if meaning.table(rows) == meaning.table(duck):
        return of_table(names, duck, "both")
    if len(meaning.table(rows)) == len(meaning.table(duck)):
        return Verdict("accept", "counts", len(meaning.table(duck)), meaning.width(names))
    return ANY


# MARK: JSON

def of_json(path, entry):
    data = unpacked(path.read_bytes())
    expect = entry.get("expect", "")
    if expect.startswith("reject"):
        return Verdict("refuse", "name")
    try:
        text = text_of(data, {"encoding": "utf-8"})
        rows = meaning.json_rows(text)
    except (ValueError, TypeError, AttributeError, RecursionError):
        rows = None
    # Python takes the last of two equal keys, and lone surrogates.
    strict = rows is not None and not has_twins(text) and not has_surrogates(rows)
    if expect.startswith("accept"):
        return Verdict("accept", "name", len(rows) if strict else None, None, meaning.digest(rows) if strict else None)
    if expect:
        return ANY
    if strict and all(isinstance(r, dict) for r in rows):
        return Verdict("accept", "Python", len(rows), None, meaning.digest(rows))
    return ANY


def has_twins(text):
    def pairs(members):
        if len({k for k, _ in members}) < len(members):
            raise ValueError("twins")
        return dict(members)

    decoder = json.JSONDecoder(object_pairs_hook=pairs)
    at = 0
    with contextlib.suppress(json.JSONDecodeError):
        while text[at:].strip():
            at += len(text[at:]) - len(text[at:].lstrip())
            try:
                _, at = decoder.raw_decode(text, at)
            except json.JSONDecodeError:
                raise
            except ValueError:
                return True
    return False


def has_surrogates(rows):
    try:
        json.dumps(rows, ensure_ascii=False).encode()
        return False
    except UnicodeEncodeError:
        return True


# MARK: Containers

def unpacked(data):
    if data.startswith(b"\x1f\x8b"):
        return gzip.decompress(data)
    if data.startswith(b"BZh"):
        return bz2.decompress(data)
    if data.startswith(b"\x28\xb5\x2f\xfd"):
        return pyarrow.CompressedInputStream(pyarrow.BufferReader(data), "zstd").read()
    if data[:1] == b"\x78" and (data[0] * 256 + data[1]) % 31 == 0:
        with contextlib.suppress(zlib.error):
            return zlib.decompress(data)
    return data


def is_data(name):
    parts = name.split("/")
    return not name.endswith("/") and "__MACOSX" not in parts and not parts[-1].startswith(".")


def verdicts(path, name, entry, folder):
    if name.startswith("3-json/"):
        yield name, of_json(path, entry)
    elif name in WRONG_ORACLE | NEEDS_SCHEMA:
        yield name, ANY
    elif "/pollock" in name:
        yield name, pollock(path) or ANY
    elif "/csv-spectrum/" in name or "/csv-test-data/" in name:
        yield name, beside(path) or ANY
    elif "row_terminator" in entry.get("dialect", {}):
        yield name, as_declared(path.read_bytes(), entry["dialect"]) or ANY
    elif path.suffix == ".zip":
        yield from of_zip(path, name, folder)
    elif path.read_bytes()[:4] == b"PAR1":
        yield name, ANY
    else:
        yield name, consensus(unpacked(path.read_bytes()), entry, folder)


def of_zip(path, name, folder):
    try:
        archive = zipfile.ZipFile(path)
    except zipfile.BadZipFile:
        yield name, Verdict("any" if path.read_bytes()[:2] != b"PK" else "refuse", "Python")
        return
    members = [m for m in archive.namelist() if is_data(m)]
    if len(members) != 1:
        heads = {archive.read(m).split(b"\n")[0] for m in members}
        yield name, Verdict("refuse", "Python") if len(heads) > 1 else ANY
    for member in members:
        verdict = consensus(archive.read(member), {}, folder)
        yield f"{name}!{member}", verdict


def main():
    print("file\texpect\trows\tcolumns\tdigest\ttyped\toracle")
    with tempfile.TemporaryDirectory() as folder:
        for group in ("2-csv", "3-json", "4-tabular", "7-compressed"):
            for entry in sorted(json.loads((ROOT / group / "manifest.json").read_text()), key=lambda e: e["path"]):
                path = ROOT / entry["path"]
                if path.exists() and not meaning.is_expectation(entry["path"]):
                    for name, verdict in verdicts(path, entry["path"], entry, Path(folder)):
                        print("\t".join([name, *verdict.cells]))
            print(f"{group} done", file=sys.stderr)


main()
