"""Raises an exception whose __str__, args and __traceback__ are traps.

outcome: FAILED
says: cannot be read|ended
"""


class Trap(Exception):
    @property
    def args(self):
        raise SystemExit(0)

    def __str__(self):
        raise KeyboardInterrupt


def double(x):
    raise Trap
