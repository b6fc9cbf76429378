#!/usr/bin/env python3
"""Writes the demo's three input files, the same every time, and what must become of them.

usage: make_demo_files.py FOLDER

FOLDER/crm/contacts.csv        50,000 records of a CRM export, seven of them bad
FOLDER/exports/readings.jsonl  20,000 sensor readings, for the convertor
FOLDER/crm/broken.csv          a quote opened on line 4 and never closed
FOLDER/expected.json           counts, checksums and the record numbers of the bad rows

Needs Python's standard library only.
"""
import hashlib
import json
import os
import random
import sys
from datetime import date, datetime, timedelta

CONTACTS, READINGS, SEED = 50_000, 20_000, 20260101
HEADER = ["contact_id", "Full Name", "nickname", "email", "city", "notes", "Credit Limit", "signed_up", "last_seen",
          "visits", "newsletter"]
FIRST = ["Zoë", "José", "Anna", "Łukasz", "Chloë", "Renée", "Søren", "Mei", "Åsa", "Peter", "Noor", "Jürgen", "Olga", "李"]
LAST = ["O'Neil", "Müller", "García", "Nowak", "de Vries", "Smith", "Ødegård", "Dvořák", "田中", "Ångström", "D’Angelo"]
CITIES = ["Zürich", "São Paulo", "Kraków", "Leeds, West Yorkshire", "Nashville, TN", "Tromsø", "京都", "Köln"]
NOTES = ['Said "call me back", twice', "First line\nSecond line", 'Prefers 12" records; pays late', "Moved, see file",
         "naïve résumé – €100 ✓", "one\n\nthree, with a \"quote\"", "plain"]

NULL = None  # written as an unquoted empty field; empty text is written as ""


def field(value):
    if value is NULL:
        return ""
    if value == "" or any(mark in value for mark in ',"\r\n'):
        return '"' + value.replace('"', '""') + '"'
    return value


def line(values):
    return ",".join(field(v) for v in values) + "\r\n"


def contact(number, dice):
    cents = dice.randrange(-50_000, 10_000_000)
    sign, whole, part = "-" if cents < 0 else "", abs(cents) // 100, abs(cents) % 100
    seen = datetime(2026, 1, 1) + timedelta(seconds=dice.randrange(300 * 86_400))
    return [
        str(number),
        f"{dice.choice(FIRST)} {dice.choice(LAST)}",
        dice.choice([NULL, "", "Bo", "Mx, Q"]),
        dice.choice([NULL, f"c{number}@example.org", f"c{number}@example.org"]),
        dice.choice(CITIES),
        dice.choice([NULL, NULL, *NOTES]),
        dice.choice([NULL, *[f"{sign}{whole}.{part:02}"] * 5]),
        (date(2015, 1, 1) + timedelta(days=dice.randrange(4_000))).isoformat(),
        dice.choice([NULL, *[seen.strftime("%Y-%m-%dT%H:%M:%SZ")] * 4]),
        str(dice.randrange(2_000)),
        dice.choice(["true", "false"]),
    ]


def with_field(position, value):
    return lambda values: values[:position] + [value] + values[position + 1:]


# record number -> what is done to it
DAMAGE = {
    1_234: with_field(6, "12,5O"),                  # the letter O in a decimal
    7_001: with_field(7, "2026-02-30"),             # no such day
    15_015: lambda values: values[:8],              # too few fields
    22_222: lambda values: values + ["surplus"],    # too many
    30_303: with_field(0, NULL),                    # a required value is missing
    41_000: with_field(9, "twelve"),                # not an integer
    49_999: with_field(9, "99999999999"),           # an integer, but too large for int32
}

# The row as demo.contacts must hold it; demo.sh computes the same text in SQL.
CHECKED_SQL = """
    select count(*) || '|' || md5(string_agg(concat_ws('|', contact_id, full_name, coalesce(nickname, '<null>'),
        coalesce(email, '<null>'), city, coalesce(notes, '<null>'), coalesce(credit_limit::text, '<null>'), signed_up,
        coalesce(to_char(last_seen at time zone 'UTC', 'YYYY-MM-DD"T"HH24:MI:SS"Z"'), '<null>'), visits,
        newsletter::text), E'\\n' order by contact_id))
    from demo.contacts"""


def write_contacts(path, dice):
    rows = []
    with open(path, "w", encoding="utf-8", newline="") as file:
        file.write(line(HEADER))
        for number in range(1, CONTACTS + 1):
            values = contact(number, dice)
            if number in DAMAGE:
                values = DAMAGE[number](values)
            else:
                rows.append("|".join("<null>" if v is NULL else v for v in values))
            file.write(line(values))
    return {"read": CONTACTS, "loaded": len(rows), "rejected": sorted(DAMAGE),
            "md5": hashlib.md5("\n".join(rows).encode()).hexdigest(), "sql": " ".join(CHECKED_SQL.split())}


def write_readings(path, dice):
    with open(path, "w", encoding="utf-8") as file:
        for number in range(READINGS):
            at = datetime(2026, 3, 1) + timedelta(seconds=number * 15)
            reading = {"sensor": f"s-{number % 40:03}", "at": at.strftime("%Y-%m-%dT%H:%M:%SZ"),
                       "celsius": round(dice.uniform(-20, 40), 3), "count": dice.randrange(1 << 40),
                       "ok": dice.random() > 0.01, "note": dice.choice([None, None, "frost", "Öl, warm", "a\nb"])}
            file.write(json.dumps(reading, ensure_ascii=False) + "\n")
    return {"read": READINGS}


def write_broken(path, dice):
    lines = [line(HEADER)] + [line(with_field(5, NULL)(contact(n, dice))) for n in range(1, 401)]
    lines[3] = lines[3].replace(",", ',"', 1)  # the quote that nobody closes
    with open(path, "w", encoding="utf-8", newline="") as file:
        file.write("".join(lines[:3]) + lines[3] + "".join(lines[4:]).replace('"', ""))


def main(folder):
    for name in ("crm", "exports"):
        os.makedirs(os.path.join(folder, name), exist_ok=True)
    expected = {
        "contacts": write_contacts(os.path.join(folder, "crm/contacts.csv"), random.Random(SEED)),
        "readings": write_readings(os.path.join(folder, "exports/readings.jsonl"), random.Random(SEED + 1)),
    }
    write_broken(os.path.join(folder, "crm/broken.csv"), random.Random(SEED + 2))
    with open(os.path.join(folder, "expected.json"), "w", encoding="utf-8") as file:
        json.dump(expected, file, indent=2)


if __name__ == "__main__":
    if len(sys.argv) != 2:
        sys.exit("usage: make_demo_files.py FOLDER")
    main(sys.argv[1])
