"""Names a line by a number for which blank lines do not count.

exercise: load_sms_rows
rejected by: test_hidden.py::test_a_line_without_a_tab_is_refused
"""


def load_sms_rows(path: str | os.PathLike[str]) -> list[dict[str, str]]:
    rows = []
    with open(path, encoding="utf-8") as file:
        lines = [line for line in file if line.strip()]
    for number, line in enumerate(lines, start=1):
        label, tab, text = line.rstrip("\n").partition("\t")
        if not tab:
            raise ValueError(f"line {number} has no tab")
        rows.append({"label": label, "text": text})
    return rows
