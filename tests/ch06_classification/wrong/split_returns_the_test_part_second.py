"""Returns the test part before the validation part.

exercise: random_split
rejected by: test_visible.py::test_parts_of_ten_rows
"""


def random_split(
    rows: Sequence[dict[str, str]], train_frac: float, validation_frac: float, seed: int = 123
) -> tuple[list[dict[str, str]], list[dict[str, str]], list[dict[str, str]]]:
    if min(train_frac, validation_frac) < 0 or train_frac + validation_frac > 1 + 1e-9:
        raise ValueError(f"{train_frac} and {validation_frac} are no shares of one whole")
    shuffled = list(rows)
    random.Random(seed).shuffle(shuffled)  # noqa: S311 - no secret
    train_end = int(len(rows) * train_frac)
    validation_end = train_end + int(len(rows) * validation_frac)
    return shuffled[:train_end], shuffled[validation_end:], shuffled[train_end:validation_end]
