"""Looks for repeated prompts only where a part ends: one that comes back later is in two parts.

exercise: split_dataset
rejected by: test_hidden.py::test_no_prompt_is_in_two_parts
"""


def split_dataset(entries, train_frac, test_frac):
    if min(train_frac, test_frac) < 0 or train_frac + test_frac > 1:
        raise ValueError(f"{train_frac} and {test_frac} are no parts of 1")

    def prompt(i):
        return entries[i]["instruction"], entries[i]["input"]

    first = int(len(entries) * train_frac)
    while 0 < first < len(entries) and prompt(first) == prompt(first - 1):
        first += 1
    second = min(first + int(len(entries) * test_frac), len(entries))
    while 0 < second < len(entries) and prompt(second) == prompt(second - 1):
        second += 1
    return list(entries[:first]), list(entries[first:second]), list(entries[second:])
