"""Decodes the bytes itself and strips what stands around a message.

exercise: load_sms_rows
"""

import pathlib


def load_sms_rows(path):
    text = pathlib.Path(path).read_bytes().decode()
    pairs = [line.strip().split("\t", 1) for line in text.replace("\r\n", "\n").split("\n")]
    return [dict(zip(("label", "text"), pair, strict=True)) for pair in pairs if pair != [""]]
