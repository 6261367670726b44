"""Writes bytes of its own to the seam's descriptor, an answer among them.

outcome: FAILED
says: protocol
"""

import os
import struct


def double(x):
    os.write(3, struct.pack("<QQ", 5, 999) + b"junk!")
    return x
