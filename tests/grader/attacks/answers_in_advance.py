"""Answers the next calls before they are asked: writes frames with the coming numbers.

A forged answer is a value like any other, so nothing is gained: it must be right to pass.

outcome: FAILED
"""

import os
import struct

PAYLOAD = (
    b"t" + struct.pack("<I", 2) + b"s" + struct.pack("<I", 2) + b"ok" + b"i" + struct.pack("<q", 6)
)
for number in range(1, 2000):
    os.write(3, struct.pack("<QQ", len(PAYLOAD), number) + PAYLOAD)
