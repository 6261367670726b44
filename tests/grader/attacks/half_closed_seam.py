"""Shuts down its own direction of the seam and goes on reading.

outcome: FAILED
says: ended|did not return
"""

import os
import socket


def double(x):
    socket.socket(fileno=os.dup(3)).shutdown(socket.SHUT_WR)
    return x + x
