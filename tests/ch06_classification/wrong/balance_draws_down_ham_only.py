"""Takes it for granted that there is more ham than spam.

exercise: create_balanced_dataset
rejected by: test_hidden.py::test_balance_of_any_labels
"""


def create_balanced_dataset(
    rows: Sequence[dict[str, str]], seed: int = 123
) -> list[dict[str, str]]:
    places: list[list[int]] = [[], []]
    for i, row in enumerate(rows):
        places[_label_of(row)].append(i)
    count, rng = len(places[1]), random.Random(seed)  # noqa: S311 - no secret
    kept = {i for of_label in places for i in rng.sample(of_label, min(count, len(of_label)))}
    return [row for i, row in enumerate(rows) if i in kept]
