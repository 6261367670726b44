"""Cuts the list where the sizes say it, so that a prompt can be in two parts: the model is tested on
what it was trained on.

exercise: split_dataset
rejected by: test_visible.py::test_a_repeated_prompt_stays_in_one_part
"""


def split_dataset(entries, train_frac, test_frac):
    if min(train_frac, test_frac) < 0 or train_frac + test_frac > 1:
        raise ValueError(f"{train_frac} and {test_frac} are no parts of 1")
    first = int(len(entries) * train_frac)
    second = first + int(len(entries) * test_frac)
    return list(entries[:first]), list(entries[first:second]), list(entries[second:])
