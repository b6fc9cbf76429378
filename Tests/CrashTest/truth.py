"""The files of a run, and what must become of each of them. The same seed makes the same files."""
import datetime
import decimal
import gzip
import hashlib
import io
import json
import random

NAMES = ["id", "name", "amount", "day", "seen", "flag", "note"]
COLUMNS = """columns:
  - { name: id, type: int64, required: true }
  - { name: name, type: text }
  - { name: amount, type: "decimal(12,2)" }
  - { name: day, type: date }
  - { name: seen, type: timestamptz }
  - { name: flag, type: bool }
  - { name: note, type: text }
"""
MAX_REJECTS = 20
PIPELINES = {
    "10-orders.yaml": f"""name: orders
match: {{ key: "orders/**" }}
workflow: loader
{COLUMNS}rows: {{ on_error: reject, max_rejects: {MAX_REJECTS} }}
target: {{ postgres: {{ table: shop.orders }} }}
""",
    "20-strict.yaml": f"""name: strict
match: {{ key: "strict/**" }}
workflow: loader
{COLUMNS}target: {{ postgres: {{ table: shop.strict }} }}
""",
    "30-keyed.yaml": f"""name: keyed
match: {{ key: "keyed/**" }}
workflow: loader
{COLUMNS}target: {{ postgres: {{ table: shop.keyed, mode: upsert, key: [id] }} }}
""",
    "40-to-parquet.yaml": f"name: to-parquet\nmatch: {{ key: 'to-parquet/**' }}\nworkflow: convertor\n{COLUMNS}",
    "50-to-csv.yaml": "name: to-csv\nmatch: { key: 'to-csv/**' }\nworkflow: convertor\n"
                      f"{COLUMNS}output: {{ csv: {{ compression: gzip }} }}\n",
    "60-to-jsonl.yaml": f"name: to-jsonl\nmatch: {{ key: 'to-jsonl/**' }}\nworkflow: convertor\n{COLUMNS}output: {{ jsonl: {{}} }}\n",
}
TABLES = {"orders": "shop.orders", "strict": "shop.strict", "keyed": "shop.keyed"}


# -- rows


def make_rows(rng, first, count):
    rows = []
    for number in range(first, first + count):
        kind = number % 5
        name = [f"Müller, Ann {number}", f'said "hi", {number}', f"two\nlines {number}", f"日本 {number}", f"plain {number}"][kind]
        rows.append([
            str(number), name, None if number % 13 == 0 else f"{rng.randrange(-10**7, 10**7) / 100:.2f}",
            None if number % 11 == 0 else str(datetime.date(2000, 1, 1) + datetime.timedelta(rng.randrange(9999))),
            None if number % 17 == 0 else (datetime.datetime(2020, 1, 1) + datetime.timedelta(seconds=rng.randrange(10**8))).isoformat(),
            "true" if number % 2 else "false", [None, "", "007"][number % 3]])
    return rows


def digest(rows, numbers=None):
    """What SELECT_DIGEST makes of the same rows; `numbers` are their places in the file."""
    lines = []
    for place, row in zip(numbers or range(1, len(rows) + 1), rows):
        lines.append("\x1f".join([str(place)] + ["\x1e" if value is None else value for value in row]))
    return hashlib.md5("\n".join(lines).encode()).hexdigest()


def select_digest(table):
    """Per source: its job, how many rows, how many different ones, and a checksum of their values in the file's order."""
    texts = ["_row::text", "id::text", "name", "amount::text", "day::text",
             "to_char(seen AT TIME ZONE 'UTC', 'YYYY-MM-DD\"T\"HH24:MI:SS')", "flag::text", "note"]
    row = " || E'\\x1f' || ".join(f"coalesce({text}, E'\\x1e')" for text in texts)
    return (f"SELECT _source, min(_load_id), max(_load_id), count(*), count(DISTINCT _row), "
            f"md5(string_agg({row}, E'\\n' ORDER BY _row)) FROM {table} GROUP BY _source")


# -- as files


def csv_cell(value, index):
    if value is None:
        return ""
    if index == 4:
        value += "Z"
    return '"' + value.replace('"', '""') + '"' if value == "" or any(c in value for c in ',"\n') else value


def as_csv(rows):
    return ("\n".join([",".join(NAMES)] + [",".join(map(csv_cell, row, range(len(NAMES)))) for row in rows]) + "\n").encode()


def as_json_lines(rows):
    lines = []
    for row in rows:
        item = dict(zip(NAMES, row))
        item["id"], item["flag"] = int(item["id"]), item["flag"] == "true"
        item["seen"] = item["seen"] and item["seen"] + "Z"
        lines.append(json.dumps(item, ensure_ascii=False))
    return ("\n".join(lines) + "\n").encode()


def as_parquet(rows):
    import pyarrow as pa
    import pyarrow.parquet as pq
    convert = [int, str, decimal.Decimal, datetime.date.fromisoformat,
               lambda t: datetime.datetime.fromisoformat(t).replace(tzinfo=datetime.timezone.utc), lambda t: t == "true", str]
    types = [pa.int64(), pa.string(), pa.decimal128(12, 2), pa.date32(), pa.timestamp("us", "UTC"), pa.bool_(), pa.string()]
    columns = [pa.array([None if row[i] is None else convert[i](row[i]) for row in rows], types[i]) for i in range(len(NAMES))]
    sink = io.BytesIO()
    pq.write_table(pa.table(columns, names=NAMES), sink)
    return sink.getvalue()


# -- outputs, read back


def text_of(value):
    if value is None or isinstance(value, str):
        return value
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, datetime.datetime):
        return value.astimezone(datetime.timezone.utc).replace(tzinfo=None).isoformat()
    return str(value)


def read_output(name, data):
    """An output's rows, with null and empty text told apart where the format's readers do."""
    if name.endswith(".parquet"):
        import pyarrow as pa
        import pyarrow.parquet as pq
        columns = [pq.read_table(io.BytesIO(data)).column(n) for n in NAMES]
        columns[4] = columns[4].cast(pa.timestamp("us"))  # moments are in UTC: the same digits without their zone
        texts = [column.cast(pa.string()).to_pylist() for column in columns]
        return [[*row[:4], moment("seen", row[4]), *row[5:]] for row in zip(*texts)]
    if name.endswith(".gz"):
        data = gzip.decompress(data)
    if ".jsonl" in name:
        rows = []
        for line in data.decode().splitlines():
            item = json.loads(line, parse_float=str)
            rows.append([moment(n, text_of(item.get(n))) for n in NAMES])
        return rows
    import csv
    reader = csv.reader(io.StringIO(data.decode(), newline=""))
    assert next(reader) == NAMES
    return [[moment(n, value or None) for n, value in zip(NAMES, row)] for row in reader]


def moment(name, value):
    """Moments in the one spelling that rows have."""
    if name != "seen" or not value:
        return value
    return value.replace(" ", "T").removesuffix("Z").removesuffix("+00:00").removesuffix("+00").removesuffix(".000000")


def same_rows(name, found, rows):
    if ".csv" in name:  # Python's reader does not tell null from empty text
        rows = [[value or None for value in row] for row in rows]
    if ".jsonl" in name:  # amounts may be numbers there: trailing zeros are spelling
        found, rows = ([[decimal.Decimal(v) if i == 2 and v is not None else v for i, v in enumerate(row)] for row in all_rows]
                       for all_rows in (found, rows))
    return found == rows


# -- what must become of a file


class Expected:
    """One version of one object, the job it is, and how that job must end."""

    def __init__(self, kind, key, data, status, *, code=None, rows=None, numbers=None, rejected=0):
        self.kind, self.key, self.data, self.code = kind, key, data, code
        self.statuses = {status}
        self.rows, self.numbers, self.rejected = rows or [], numbers, rejected
        self.bucket = self.version = self.etag = None  # known when it is there
        self.is_missing = data is None
        self.digest_of_rows, self.answers = None, {}

    @property
    def pipeline(self):
        top = self.key.split("/")[0]
        return top if f"name: {top}\n" in "".join(PIPELINES.values()) else ""

    @property
    def table(self):
        return TABLES.get(self.pipeline)

    @property
    def source(self):
        return f"s3://{self.bucket}/{self.key}" + (f"?versionId={self.version}" if self.version else "")

    @property
    def identity(self):
        return self.bucket, self.key, self.version or self.etag

    def digest(self):
        self.digest_of_rows = self.digest_of_rows or digest(self.rows, self.numbers)
        return self.digest_of_rows

    def is_written_in(self, uri, data):
        """Whether an output holds the file's rows; asked often of the same bytes."""
        question = uri, hashlib.sha256(data).hexdigest()
        if question not in self.answers:
            self.answers[question] = same_rows(uri, read_output(uri, data), self.rows)
        return self.answers[question]


class Files:
    """Makes files of every kind, one after another; ids never repeat, so that keyed loads cannot hide a loss."""

    # kind, how often among a hundred
    MIX = [("csv", 16), ("gzip", 8), ("jsonl", 10), ("some bad rows", 8), ("strict", 6), ("strict bad row", 5), ("broken quotes", 4),
           ("too many bad rows", 4), ("keyed", 8), ("no pipeline", 3), ("cut gzip", 3), ("missing", 3), ("to parquet", 8),
           ("to csv", 6), ("to jsonl", 4), ("large", 3), ("large to parquet", 1)]

    def __init__(self, seed, large_rows=40_000):
        self.rng = random.Random(f"files {seed}")
        self.large_rows = large_rows
        self.number = 0
        self.next_id = 1

    def plan(self, count):
        """Kinds for `count` files: each kind once, as far as that goes, then by their shares, in seeded order."""
        kinds = [kind for kind, _ in self.MIX][:count]
        kinds += self.rng.choices([k for k, _ in self.MIX], [n for _, n in self.MIX], k=count - len(kinds))
        self.rng.shuffle(kinds)
        return kinds

    def rows(self, count):
        rows = make_rows(self.rng, self.next_id, count)
        self.next_id += count
        return rows

    def make(self, kind, count=None):
        self.number += 1
        rng, number = self.rng, self.number
        rows = self.rows(count or (self.large_rows if kind.startswith("large") else rng.choice([1, 20, 150, 600, 3000])))
        name = f"{number:04d} {rng.choice(['plain', 'with space', 'a+b', 'é%2F'])}"

        if kind == "csv" or kind == "large":
            return Expected(kind, f"orders/{name}.csv", as_csv(rows), "succeeded", rows=rows)
        if kind == "gzip":
            return Expected(kind, f"orders/deep/er/{name}.csv.gz", gzip.compress(as_csv(rows), mtime=0), "succeeded", rows=rows)
        if kind == "jsonl":
            return Expected(kind, f"orders/{name}.jsonl", as_json_lines(rows), "succeeded", rows=rows)
        if kind == "keyed":
            return Expected(kind, f"keyed/{name}.csv", as_csv(rows), "succeeded", rows=rows)
        if kind == "strict":
            return Expected(kind, f"strict/{name}.csv", as_csv(rows), "succeeded", rows=rows)
        if kind == "some bad rows":
            return self.with_bad_rows(f"orders/{name}.csv", rows, rng.randrange(1, MAX_REJECTS))
        if kind == "too many bad rows":
            made = self.with_bad_rows(f"orders/{name}.csv", rows, MAX_REJECTS + 5)
            return Expected(kind, made.key, made.data, "rejected", code="rows.too_many_rejects")
        if kind == "strict bad row":
            made = self.with_bad_rows(f"strict/{name}.csv", rows, 1)
            return Expected(kind, made.key, made.data, "rejected", code="value.bad_integer")
        if kind == "broken quotes":
            return Expected(kind, f"strict/{name}.csv", as_csv(rows) + b'9,"never closed\n8,x,,,,,\n', "rejected", code="csv.unclosed_quote")
        if kind == "cut gzip":
            data = gzip.compress(as_csv(rows + self.rows(400)), mtime=0)
            return Expected(kind, f"orders/{name}.csv.gz", data[:len(data) * 2 // 3], "rejected", code="compressed.truncated")
        if kind == "no pipeline":
            return Expected(kind, f"other/{name}.csv", as_csv(rows), "rejected", code="pipeline.no_match")
        if kind == "missing":
            return Expected(kind, f"orders/{name} gone.csv", None, "rejected", code="input.not_found")
        if kind in ("to parquet", "large to parquet"):
            return Expected(kind, f"to-parquet/{name}.jsonl", as_json_lines(rows), "succeeded", rows=rows)
        if kind == "to csv":
            return Expected(kind, f"to-csv/{name}.parquet", as_parquet(rows), "succeeded", rows=rows)
        if kind == "to jsonl":
            return Expected(kind, f"to-jsonl/{name}.csv.gz", gzip.compress(as_csv(rows), mtime=0), "succeeded", rows=rows)
        raise ValueError(kind)

    def with_bad_rows(self, key, rows, bad):
        """A file among whose rows `bad` have an id that is no number."""
        lines = [(row, True) for row in rows]
        for _ in range(bad):
            lines.insert(self.rng.randrange(len(lines) + 1), (["x9", "bad", None, None, None, "true", None], False))
        data = as_csv([row for row, _ in lines])
        numbers = [place for place, (_, good) in enumerate(lines, 1) if good]
        return Expected("some bad rows", key, data, "succeeded", rows=rows, numbers=numbers, rejected=bad)
