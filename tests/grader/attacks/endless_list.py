"""Answers with a list subclass that never ends when it is gone through.

outcome: FAILED
says: .
"""


class Endless(list):
    def __iter__(self):
        while True:
            yield 1

    def __len__(self):
        return 1 << 62


def double(x):
    return Endless([1])
