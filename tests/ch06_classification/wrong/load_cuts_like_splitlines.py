"""Cuts the text with str.splitlines, which also cuts at U+2028, U+0085 and others.

exercise: load_sms_rows
rejected by: test_hidden.py::test_rows_of_any_text
"""


def load_sms_rows(path: str | os.PathLike[str]) -> list[dict[str, str]]:
    rows = []
    with open(path, encoding="utf-8") as file:  # text mode turns every line end into \n
        for number, line in enumerate(file.read().splitlines(), start=1):
            if not line.strip():
                continue
            label, tab, text = line.rstrip("\n").partition("\t")
            if not tab:
                raise ValueError(f"line {number} has no tab between label and text: {line!r:.60}")
            rows.append({"label": label, "text": text})
    return rows
