"""Answers with values as deep as may cross, which may not cross back.

outcome: FAILED
exercise: quadruple
"""


def quadruple(x):
    y = 1
    for _ in range(30):
        y = (y,)
    return y
