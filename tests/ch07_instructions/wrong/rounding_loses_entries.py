"""Computes the size of the validation part from what is left of 1, so that entries are lost by
rounding down.

exercise: split_dataset
rejected by: test_hidden.py::test_sizes_of_any_split
"""


def split_dataset(entries, train_frac, test_frac):
    if min(train_frac, test_frac) < 0 or train_frac + test_frac > 1:
        raise ValueError(f"{train_frac} and {test_frac} are no parts of 1")
    first = int(len(entries) * train_frac)
    second = first + int(len(entries) * test_frac)
    third = second + int(len(entries) * (1 - train_frac - test_frac))
    return list(entries[:first]), list(entries[first:second]), list(entries[second:third])
