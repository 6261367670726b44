"""Asks for names: the C library's resolver, and a datagram to a name server.

outcome: FAILED
says: gaierror|Error
"""

import socket


def double(x):
    raise ValueError(socket.gethostbyname("secret.example.com"))
