"""Sends from a pair of datagram sockets to an address, by sendto and by sendmsg.

outcome: FAILED
says: sent: 0
"""

import socket


def double(x):
    sent = 0
    pair = socket.socketpair(socket.AF_UNIX, socket.SOCK_DGRAM)[0]
    for address in (PLACES["unix"], "\0" + PLACES["abstract"], "/dev/log"):
        for send in (
            lambda: pair.sendto(b"x", address),
            lambda: pair.sendmsg([b"x"], [], 0, address),
        ):
            try:
                send()
                sent += 1
            except OSError:
                pass
    raise ValueError(f"sent: {sent}")
