"""Keeps every row that equals one of those drawn, so that repeated messages are too many.

exercise: create_balanced_dataset
rejected by: test_hidden.py::test_balance_of_any_labels
"""


def create_balanced_dataset(
    rows: Sequence[dict[str, str]], seed: int = 123
) -> list[dict[str, str]]:
    of_label = [[row for row in rows if row["label"] == label] for label in LABELS]
    count, rng = min(map(len, of_label)), random.Random(seed)
    kept = [row for group in of_label for row in rng.sample(group, count)]
    return [row for row in rows if row in kept]
