"""Puts every prompt that repeats into the training part, whatever its size.

exercise: split_dataset
rejected by: test_hidden.py::test_no_prompt_is_in_two_parts
"""


def split_dataset(entries, train_frac, test_frac):
    if min(train_frac, test_frac) < 0 or train_frac + test_frac > 1:
        raise ValueError(f"{train_frac} and {test_frac} are no parts of 1")
    groups = {}
    for entry in entries:
        groups.setdefault((entry["instruction"], entry["input"]), []).append(entry)
    train = [entry for group in groups.values() if len(group) > 1 for entry in group]
    rest = [entry for group in groups.values() if len(group) == 1 for entry in group]
    first = max(int(len(entries) * train_frac) - len(train), 0)
    second = first + int(len(entries) * test_frac)
    return train + rest[:first], rest[first:second], rest[second:]
