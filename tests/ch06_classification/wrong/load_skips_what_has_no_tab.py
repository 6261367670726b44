"""Skips lines without a tab, so that messages get lost without a word.

exercise: load_sms_rows
rejected by: test_hidden.py::test_a_line_without_a_tab_is_refused
"""


def load_sms_rows(path: str | os.PathLike[str]) -> list[dict[str, str]]:
    rows = []
    with open(path, encoding="utf-8") as file:  # text mode turns every line end into \n
        for number, line in enumerate(file, start=1):
            if "\t" not in line:
                continue
            label, tab, text = line.rstrip("\n").partition("\t")
            if not tab:
                raise ValueError(f"line {number} has no tab between label and text: {line!r:.60}")
            rows.append({"label": label, "text": text})
    return rows
