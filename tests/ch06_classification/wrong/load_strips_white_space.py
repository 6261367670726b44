"""Removes white space at the end of a message, which belongs to it.

exercise: load_sms_rows
rejected by: test_hidden.py::test_rows_of_any_text
"""


def load_sms_rows(path: str | os.PathLike[str]) -> list[dict[str, str]]:
    rows = []
    with open(path, encoding="utf-8") as file:
        for number, line in enumerate(file, start=1):
            if not line.strip():
                continue
            label, tab, text = line.rstrip().partition("\t")
            if not tab:
                raise ValueError(f"line {number} has no tab: {line!r}")
            rows.append({"label": label, "text": text})
    return rows
