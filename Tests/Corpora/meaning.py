"""What rows mean, whoever read them: one spelling for each value, and a digest of all of them."""
import contextlib
import csv
import datetime
import decimal
import hashlib
import json
import re

csv.field_size_limit(1 << 30)
decimal.getcontext().prec = 400
MOST_DIGITS = 400


def is_expectation(name):
    """Whether a file of the corpora is what another one should hold."""
    return "/pollock" in name and "/clean/" in name


def digest(rows):
    """Of rows that are lists or dictionaries of texts, in order."""
    sum = hashlib.sha256()
    for row in rows:
        sum.update(json.dumps(row, ensure_ascii=True, sort_keys=True).encode() + b"\n")
    return sum.hexdigest()[:16]


# MARK: Delimited text. Null, empty text and cells that a row lacks at its end are the same here.

def record(row):
    row = ["" if cell is None else str(cell) for cell in row]
    while row and not row[-1]:
        row.pop()
    return row


def width(names):
    """How many columns have a name, or stand before one that has."""
    return len(record(names))


def table(rows):
    """The records that hold something: a line of nothing but delimiters is a blank line to us, and a record to others."""
    return [r for r in map(record, rows) if r]


# What stands for null in columns of numbers and the like.
NULLS = {"\\N", "NULL", "null", "Null", "NA", "N/A", "n/a", "-", "--", "#N/A", "#NA", "<NA>", "None"}
LOCAL = re.compile(r"(\d{1,4})([/.-])(\d{1,2})\2(\d{1,4})(?: (\d{1,2}):(\d\d)(?::(\d\d)(?:\.(\d{1,6}))?)?)?$")


def typed(rows):
    """The same records where numbers, dates and truth are values rather than texts."""
    rows = [[plain(cell) for cell in r] for r in rows]
    for place in range(max(map(len, rows), default=0)):
        column = [r[place] for r in rows if place < len(r) and r[place]]
        if days := local_days(column):
            for r in rows:
                if place < len(r) and r[place]:
                    r[place] = days[r[place]]
    return [r for r in map(record, rows) if r]


def local_days(column):
    """For dates like 31/12/2024 their usual spelling, where all of a column allow one order of day and month alone."""
    found = {cell: LOCAL.match(cell) for cell in set(column)}
    if not column or not all(found.values()) or len({(m[2], bool(m[5]), bool(m[7]), bool(m[8])) for m in found.values()}) > 1:
        return None
    readings = []
    for order in ((4, 3, 1), (4, 1, 3), (1, 3, 4)):
        with contextlib.suppress(ValueError):
            readings.append({cell: local_day(m, order) for cell, m in found.items()})
    return readings[0] if len(readings) == 1 else None


def local_day(match, order):
    year, month, day = (match[i] for i in order)
    if len(year) != 4 or max(len(month), len(day)) > 2 or (order[0] == 1 and match[2] == "-"):
        raise ValueError
    date = datetime.datetime(int(year), int(month), int(day), int(match[5] or 0), int(match[6] or 0), int(match[7] or 0))
    fraction = (match[8] or "").rstrip("0")
    return date.isoformat(" ") + (f".{fraction}" if fraction else "")


def plain(cell):
    if cell in NULLS:
        return ""
    return cell.lower() if cell in ("True", "False", "TRUE", "FALSE") else moment(number(cell))


def read_jsonl(path):
    """CSV as Landfall writes it as JSON lines: the rows, in the spelling of ``typed``."""
    with open(path, encoding="utf-8") as file:
        rows = [[text_of(v) for v in load(line).values()] for line in file]
    return [r for r in map(record, rows) if r]


def text_of(value):
    if value is None:
        return ""
    return scalar(value) if isinstance(value, (bool, Number)) else plain(value)


def read_csv(path):
    """A CSV file as Landfall writes it: names and rows."""
    with open(path, encoding="utf-8", newline="") as file:
        rows = list(csv.reader(file))
    return (rows[0], rows[1:]) if rows else ([], [])


# MARK: JSON. A member that is null is no member; objects within rows are taken apart.

NUMBER = re.compile(r"-?((0|[1-9]\d*)(\.\d+)?|\.\d+)([eE][+-]?\d+)?")


def number(text):
    """A number in one spelling; anything else, and what would lose something (007, +1), as it is."""
    if not NUMBER.fullmatch(text):
        return text
    value = decimal.Decimal(text)
    if abs(value.adjusted()) > MOST_DIGITS:
        return text
    value = value.normalize()
    return format(value if value else abs(value), "f")


MOMENT = re.compile(r"(\d{4}-\d\d-\d\d)(?:[Tt ](\d\d:\d\d:\d\d)(?:[.,](\d+))?(Z|z|[+-]\d\d(?::?\d\d)?)?)?$")


def moment(text):
    """A date or time, whose spelling may change, in one spelling: a day, or a day and a time in UTC."""
    found = MOMENT.match(text)
    if not found:
        return text
    day, time, fraction, zone = found.groups()
    if zone and zone not in "Zz":
        hours, minutes = int(zone[1:3]), int(zone[-2:]) if len(zone) > 3 else 0
        offset = datetime.timedelta(hours=hours, minutes=minutes) * (-1 if zone[0] == "-" else 1)
        try:
            day, time = (datetime.datetime.fromisoformat(f"{day} {time}") - offset).isoformat(" ").split(" ")
        except (ValueError, OverflowError):
            return text
    fraction = (fraction or "").rstrip("0")
    return f"{day} {time or '00:00:00'}" + (f".{fraction}" if fraction else "")


class Number(str):
    """A JSON number in the spelling that it has."""


def load(text):
    return json.loads(text, parse_int=Number, parse_float=Number, parse_constant=refuse)


def refuse(name):
    raise ValueError(f"{name} is not JSON")


def scalar(value):
    if value is True or value is False:
        return "true" if value else "false"
    return number(value) if isinstance(value, Number) else moment(value)


def nested(value):
    if isinstance(value, dict):
        return {k: nested(v) for k, v in value.items() if v is not None}
    if isinstance(value, list):
        return [nested(v) for v in value]
    return value if value is None else scalar(value)


def flat(value, name=""):
    """The members of a row that hold something, by their dotted names."""
    if value is None or value == {}:
        return {}
    if isinstance(value, dict):
        found = {}
        for key, member in value.items():
            found |= flat(member, f"{name}.{key}" if name else key)
        return found
    if isinstance(value, list):
        return {name: json.dumps(nested(value), sort_keys=True)}
    if isinstance(value, str) and not isinstance(value, Number) and value[:1] in ("[", "{"):
        try:  # what is of several kinds is kept as JSON text
            return flat(load(value), name)
        except ValueError:
            pass
    return {name: scalar(value)}


def row(value):
    return flat(value if isinstance(value, dict) else {"value": value})


def json_rows(text):
    """The rows of a text: of one array its elements, else the values that follow one another. Raises ValueError."""
    decoder = json.JSONDecoder(parse_int=Number, parse_float=Number, parse_constant=refuse)
    values = []
    at = 0
    blank = re.compile(r"[ \t\r\n]*")
    at = blank.match(text, 0).end()
    while at < len(text):
        value, at = decoder.raw_decode(text, at)
        values.append(value)
        at = blank.match(text, at).end()
    if len(values) == 1 and isinstance(values[0], list):
        values = values[0]
    return [row(v) for v in values]
