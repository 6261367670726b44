"""Decodes the bytes itself, and names the text of a line without a tab.

exercise: load_sms_rows
"""

import pathlib


def load_sms_rows(path):
    text = pathlib.Path(path).read_bytes().decode()
    pairs = [line.split("\t", 1) for line in text.replace("\r\n", "\n").split("\n") if line]
    if odd := [pair[0] for pair in pairs if len(pair) == 1]:
        raise ValueError(odd[0])
    return [dict(zip(("label", "text"), pair, strict=True)) for pair in pairs]
