"""Calls functions of the test's that it never was given, by number.

outcome: FAILED
says: protocol
"""

import os
import struct


def double(x):
    payload = b"t" + struct.pack("<I", 4) + b"s" + struct.pack("<I", 8) + b"callback"
    payload += (
        b"i" + struct.pack("<q", 0) + b"t" + struct.pack("<I", 0) + b"d" + struct.pack("<I", 0)
    )
    for number in range(2, 50):
        os.write(3, struct.pack("<QQ", len(payload), number) + payload)
    return x
