"""Returns the message as label and the label as message.

exercise: load_sms_rows
rejected by: test_visible.py::test_quotes_are_text
"""


def load_sms_rows(path: str | os.PathLike[str]) -> list[dict[str, str]]:
    rows = []
    with open(path, encoding="utf-8") as file:  # text mode turns every line end into \n
        for number, line in enumerate(file, start=1):
            if not line.strip():
                continue
            text, tab, label = line.rstrip("\n").partition("\t")
            if not tab:
                raise ValueError(f"line {number} has no tab between label and text: {line!r:.60}")
            rows.append({"label": label, "text": text})
    return rows
