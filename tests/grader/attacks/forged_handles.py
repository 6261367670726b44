"""Answers with handles that were never given, and hopes that the judge trusts their names.

outcome: FAILED
"""

import os
import struct

NAME = b"Tensor\x1b[2J"
for number in range(2, 100):
    payload = b"t" + struct.pack("<I", 2) + b"s" + struct.pack("<I", 2) + b"ok"
    payload += b"h" + struct.pack("<Q", 1 << 60) + bytes([len(NAME)]) + NAME
    os.write(3, struct.pack("<QQ", len(payload), number) + payload)
