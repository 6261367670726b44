"""Answers with a text that a comparison takes for ever to explain.

outcome: FAILED
"""


def double(x):
    return "\n".join(f"{'double(3) is 6. ' * 20}{i}" for i in range(20_000))
