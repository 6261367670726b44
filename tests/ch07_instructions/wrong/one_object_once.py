"""Keeps an entry once that was given several times as the same object.

exercise: split_dataset
rejected by: test_hidden.py::test_the_same_call_gives_the_same_parts
"""


def split_dataset(entries, train_frac, test_frac):
    if min(train_frac, test_frac) < 0 or train_frac + test_frac > 1:
        raise ValueError(f"{train_frac} and {test_frac} are no parts of 1")
    groups = {}
    for entry in {id(entry): entry for entry in entries}.values():
        groups.setdefault((entry["instruction"], entry["input"]), []).append(entry)
    sizes = [int(len(entries) * train_frac), int(len(entries) * test_frac), len(entries) + 1]
    parts = ([], [], [])
    now = 0
    for group in groups.values():
        while len(parts[now]) >= sizes[now]:
            now += 1
        parts[now].extend(group)
    return parts
