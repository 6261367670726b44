"""Returns the rows in random order.

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
    kept = {i for of_label in places for i in rng.sample(of_label, count)}
    order = sorted(kept)
    rng.shuffle(order)
    return [rows[i] for i in order]
