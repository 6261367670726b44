"""Opens raw, packet, netlink, vsock, Bluetooth and kernel-crypto sockets.

outcome: FAILED
says: opened: 0
"""

import socket


def double(x):
    opened = 0
    for family in (*range(0, 46),):
        for kind in (1, 2, 3, 5):
            try:
                socket.socket(family, kind)
                opened += 1
            except OSError:
                pass
    raise ValueError(f"opened: {opened}")
