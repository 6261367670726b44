"""Splits a permutation of torch's, gives the parts as a list of tuples, and prints.

exercise: random_split
"""


def random_split(rows, train_frac, validation_frac, seed=123):
    if not (0 <= train_frac and 0 <= validation_frac and train_frac + validation_frac <= 1.000001):
        raise ValueError(f"bad shares: {train_frac}, {validation_frac}")
    order = torch.randperm(len(rows), generator=torch.Generator().manual_seed(seed))
    n_train, n_val = int(train_frac * len(rows)), int(validation_frac * len(rows))
    print("train", n_train, "validation", n_val)
    sizes = [n_train, n_val, len(rows) - n_train - n_val]
    return [tuple(rows[i] for i in part.tolist()) for part in order.split(sizes)]
