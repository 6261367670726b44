"""Answers with an object that is equal to everything.

outcome: FAILED
says: not a plain value|expected a tensor
"""


class Lie:
    def __eq__(self, other):
        return True

    def __ne__(self, other):
        return False

    __hash__ = None


def double(x):
    return Lie()
