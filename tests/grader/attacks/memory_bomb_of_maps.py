"""Takes memory by shared maps, which no limit of the data segment counts.

outcome: FAILED
says: memory
"""

import mmap


def double(x):
    kept = []
    while True:
        kept.append(mmap.mmap(-1, 20 << 20))
        kept[-1].write(b"x" * (20 << 20))
