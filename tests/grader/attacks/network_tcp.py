"""Connects to a port of this machine, and to the world.

outcome: FAILED
says: PermissionError
"""

import socket


def double(x):
    with socket.create_connection(("127.0.0.1", PLACES["tcp"]), timeout=1) as connection:
        connection.sendall(b"hello")
    return x + x
