"""Answers with bytes that run code where somebody unpickles them.

outcome: FAILED
says: expected
"""

import pickle


class Bomb:
    def __reduce__(self):
        return open, (PLACES["outside"] + "/" + PLACES["mark"], "w")


def double(x):
    return pickle.dumps(Bomb())
