"""Announces a frame of 2^63 bytes and sends it slowly.

outcome: FAILED
says: protocol
"""

import os
import struct


def double(x):
    os.write(3, struct.pack("<QQ", 1 << 62, 2))
    return x
