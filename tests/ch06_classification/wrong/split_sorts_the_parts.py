"""Draws at random who belongs where, and leaves each part in the order of the input.

exercise: random_split
rejected by: test_hidden.py::test_rows_are_shuffled
"""


def random_split(
    rows: Sequence[dict[str, str]], train_frac: float, validation_frac: float, seed: int = 123
) -> tuple[list[dict[str, str]], list[dict[str, str]], list[dict[str, str]]]:
    if min(train_frac, validation_frac) < 0 or train_frac + validation_frac > 1 + 1e-9:
        raise ValueError(f"{train_frac} and {validation_frac} are no shares of one whole")
    shuffled = list(rows)
    order = list(range(len(rows)))
    random.Random(seed).shuffle(order)
    train_end = int(len(rows) * train_frac)
    validation_end = train_end + int(len(rows) * validation_frac)
    cuts = order[:train_end], order[train_end:validation_end], order[validation_end:]
    return tuple([rows[i] for i in sorted(cut)] for cut in cuts)
