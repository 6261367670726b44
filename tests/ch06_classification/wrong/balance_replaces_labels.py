"""Writes 0 and 1 into the rows, as the book does at this point.

exercise: create_balanced_dataset
rejected by: test_visible.py::test_as_many_ham_as_spam
"""


def create_balanced_dataset(
    rows: Sequence[dict[str, str]], seed: int = 123
) -> list[dict[str, str]]:
    places: list[list[int]] = [[], []]
    for i, row in enumerate(rows):
        places[_label_of(row)].append(i)
    count, rng = min(map(len, places)), random.Random(seed)  # noqa: S311 - no secret
    kept = {i for of_label in places for i in rng.sample(of_label, count)}
    return [{**row, "label": LABELS[row["label"]]} for i, row in enumerate(rows) if i in kept]
