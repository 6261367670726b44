"""Takes entries with the same input for the same prompt: most inputs are empty.

exercise: split_dataset
rejected by: test_visible.py::test_split_by_hand
"""


def split_dataset(entries, train_frac, test_frac):
    if min(train_frac, test_frac) < 0 or train_frac + test_frac > 1:
        raise ValueError(f"{train_frac} and {test_frac} are no parts of 1")
    groups = {}
    for entry in entries:
        groups.setdefault(entry["input"], []).append(entry)
    sizes = [int(len(entries) * train_frac), int(len(entries) * test_frac), len(entries) + 1]
    parts = ([], [], [])
    now = 0
    for group in groups.values():
        while len(parts[now]) >= sizes[now]:
            now += 1
        parts[now].extend(group)
    return parts
