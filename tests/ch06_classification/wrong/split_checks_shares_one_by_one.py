"""Looks at each share alone, not at their sum.

exercise: random_split
rejected by: test_hidden.py::test_shares_are_checked
"""


def random_split(
    rows: Sequence[dict[str, str]], train_frac: float, validation_frac: float, seed: int = 123
) -> tuple[list[dict[str, str]], list[dict[str, str]], list[dict[str, str]]]:
    if min(train_frac, validation_frac) < 0 or max(train_frac, validation_frac) > 1:
        raise ValueError(f"{train_frac} and {validation_frac} are no shares of one whole")
    shuffled = list(rows)
    random.Random(seed).shuffle(shuffled)  # noqa: S311 - no secret
    train_end = int(len(rows) * train_frac)
    validation_end = train_end + int(len(rows) * validation_frac)
    return shuffled[:train_end], shuffled[train_end:validation_end], shuffled[validation_end:]
