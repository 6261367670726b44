"""Reads with csv, which is told that quotation marks mean nothing.

exercise: load_sms_rows
"""

import csv


def load_sms_rows(path):
    with open(path, encoding="utf-8", newline="") as file:
        reader = csv.reader(file, delimiter="\t", quoting=csv.QUOTE_NONE)
        rows = list(filter(None, reader))
    if any(len(row) < 2 for row in rows):
        raise ValueError("a line has no tab")
    return [{"label": row[0], "text": "\t".join(row[1:])} for row in rows]
