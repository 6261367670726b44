"""Seeds Python's random stream, on which other code depends.

exercise: create_balanced_dataset
rejected by: test_hidden.py::test_balancing_has_no_side_effects
"""


def create_balanced_dataset(
    rows: Sequence[dict[str, str]], seed: int = 123
) -> list[dict[str, str]]:
    places: list[list[int]] = [[], []]
    for i, row in enumerate(rows):
        places[_label_of(row)].append(i)
    random.seed(seed)
    count = min(map(len, places))
    kept = {i for of_label in places for i in random.sample(of_label, count)}
    return [row for i, row in enumerate(rows) if i in kept]
