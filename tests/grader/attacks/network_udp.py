"""Sends a datagram to a port of this machine.

outcome: FAILED
says: PermissionError
"""

import socket


def double(x):
    with socket.socket(type=socket.SOCK_DGRAM) as sender:
        sender.sendto(b"hello", ("127.0.0.1", PLACES["udp"]))
    return x + x
