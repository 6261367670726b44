"""Draws with replacement, so that fewer rows are left than should be.

exercise: create_balanced_dataset
rejected by: test_hidden.py::test_balance_of_any_labels
"""


def create_balanced_dataset(
    rows: Sequence[dict[str, str]], seed: int = 123
) -> list[dict[str, str]]:
    places: list[list[int]] = [[], []]
    for i, row in enumerate(rows):
        places[_label_of(row)].append(i)
    count, rng = min(map(len, places)), random.Random(seed)  # noqa: S311 - no secret
    kept = {i for of_label in places for i in rng.choices(of_label, k=count)}
    return [row for i, row in enumerate(rows) if i in kept]
