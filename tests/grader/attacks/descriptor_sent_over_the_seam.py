"""Sends its descriptors to the judge over the seam, to fill the judge's table.

outcome: FAILED
says: PermissionError
"""

import os
import socket


def double(x):
    seam = socket.socket(fileno=os.dup(3))
    for _ in range(1000):
        socket.send_fds(seam, [b"x"], [0, 1, 2])
    return x
