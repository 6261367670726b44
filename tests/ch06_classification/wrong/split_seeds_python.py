"""Seeds Python's random stream, on which other code depends.

exercise: random_split
rejected by: test_hidden.py::test_splitting_has_no_side_effects
"""


def random_split(
    rows: Sequence[dict[str, str]], train_frac: float, validation_frac: float, seed: int = 123
) -> tuple[list[dict[str, str]], list[dict[str, str]], list[dict[str, str]]]:
    if min(train_frac, validation_frac) < 0 or train_frac + validation_frac > 1 + 1e-9:
        raise ValueError(f"{train_frac} and {validation_frac} are no shares of one whole")
    shuffled = list(rows)
    random.seed(seed)
    random.shuffle(shuffled)
    train_end = int(len(rows) * train_frac)
    validation_end = train_end + int(len(rows) * validation_frac)
    return shuffled[:train_end], shuffled[train_end:validation_end], shuffled[validation_end:]
