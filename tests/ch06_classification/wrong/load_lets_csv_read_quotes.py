"""Reads with csv's own rules, for which a quotation mark opens a field.

exercise: load_sms_rows
rejected by: test_visible.py::test_quotes_are_text
"""

import csv


def load_sms_rows(path):
    with open(path, encoding="utf-8", newline="") as file:
        rows = [row for row in csv.reader(file, delimiter="\t") if row]
    return [{"label": label, "text": text} for label, text in rows]
