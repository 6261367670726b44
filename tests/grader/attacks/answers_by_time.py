"""Is right at the first call of a process and wrong later.

outcome: FAILED
exercise: quadruple
"""

CALLS = []


def quadruple(x):
    import torch

    CALLS.append(x)
    return x if isinstance(x, (int, torch.Tensor)) else 0
