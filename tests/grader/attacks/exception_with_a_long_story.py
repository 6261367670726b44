"""Raises an exception of 100 MB, with colours, bells and the marks that turn text round.

outcome: FAILED
says: cut here
never: \x1b|\x07|\u202e
"""


def double(x):
    raise ValueError("\x1b[2J\x07\u202e" + "x" * 100_000_000)
