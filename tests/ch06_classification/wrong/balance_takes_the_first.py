"""Keeps the first rows of the more frequent label instead of a sample.

exercise: create_balanced_dataset
rejected by: test_hidden.py::test_every_row_of_the_majority_may_stay
"""


def create_balanced_dataset(
    rows: Sequence[dict[str, str]], seed: int = 123
) -> list[dict[str, str]]:
    places: list[list[int]] = [[], []]
    for i, row in enumerate(rows):
        places[_label_of(row)].append(i)
    count, rng = min(map(len, places)), random.Random(seed)  # noqa: S311 - no secret
    kept = {i for of_label in places for i in of_label[:count]}
    return [row for i, row in enumerate(rows) if i in kept]
