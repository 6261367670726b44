"""Sorts by random keys, and takes the parts off a stack.

exercise: random_split
"""


def random_split(rows, train_frac, validation_frac, seed=123):
    for share in (train_frac, validation_frac, train_frac + validation_frac):
        if not -1e-12 <= share <= 1 + 1e-12:
            raise ValueError(f"{train_frac} and {validation_frac}: not shares")
    rng = random.Random(seed)
    stack = sorted(rows, key=lambda row: rng.random())
    train = [stack.pop() for _ in range(int(len(rows) * train_frac))]
    validation = [stack.pop() for _ in range(int(len(rows) * validation_frac))]
    return train, validation, stack
