"""Cuts each line at its first white space of any kind.

exercise: load_sms_rows
rejected by: test_hidden.py::test_a_line_without_a_tab_is_refused
"""


def load_sms_rows(path):
    with open(path, encoding="utf-8") as file:
        lines = [line.strip("\n").split(maxsplit=1) for line in file if line.strip()]
    return [{"label": label, "text": text} for label, text in lines]
