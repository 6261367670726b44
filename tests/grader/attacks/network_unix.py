"""Connects to a Unix socket of this machine: by name, abstract, and from a pair.

outcome: FAILED
says: reached: 0
"""

import socket


def double(x):
    reached = 0
    for address in (PLACES["unix"], "\0" + PLACES["abstract"]):
        for make in (
            lambda: socket.socket(socket.AF_UNIX),
            lambda: socket.socketpair()[0],
            lambda: socket.socketpair(socket.AF_UNIX, socket.SOCK_DGRAM)[0],
        ):
            try:
                made = make()
                made.connect(address)
                reached += 1
            except OSError:
                pass
    raise ValueError(f"reached: {reached}")
