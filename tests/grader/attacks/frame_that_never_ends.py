"""Announces a frame of 200 MiB and sends a byte now and then.

outcome: FAILED
says: did not return|protocol
"""

import os
import struct
import time


def double(x):
    for number in range(2, 6):
        os.write(3, struct.pack("<QQ", 200 << 20, number))
        while True:
            os.write(3, b"x")
            time.sleep(0.05)
