"""Reads with csv, which is told that quotation marks mean nothing.

exercise: load_sms_rows
"""

import csv


def load_sms_rows(path):
    with open(path, encoding="utf-8", newline="") as file:
        reader = csv.reader(file, delimiter="\t", quoting=csv.QUOTE_NONE)
        numbered = [(reader.line_num, row) for row in reader if row]
    for number, row in numbered:
        if len(row) < 2:
            raise ValueError(f"no tab in line {number}.")
    return [{"label": row[0], "text": "\t".join(row[1:])} for _, row in numbered]
