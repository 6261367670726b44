"""Shuffles the list of its caller on the way.

exercise: create_balanced_dataset
rejected by: test_hidden.py::test_balancing_has_no_side_effects
"""


def create_balanced_dataset(rows, seed=123):
    original = list(rows)
    random.Random(seed).shuffle(rows)
    count = min(sum(row["label"] == label for row in rows) for label in LABELS)
    kept = []
    for label in LABELS:
        kept += [id(row) for row in rows if row["label"] == label][:count]
    return [row for row in original if id(row) in kept]
