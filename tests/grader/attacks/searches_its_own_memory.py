"""Searches what it has inherited from the nursery: every object, and the heap byte by byte.

outcome: FAILED
says: searched, found 0
"""

import ctypes
import gc
import re

libc = ctypes.CDLL(None)
SECRET = rb"SECRET-[a-z]+-[0-9a-f]{16}"


def double(x):
    found = []
    for thing in gc.get_objects():
        values = (
            thing.values() if type(thing) is dict else thing if type(thing) in (list, tuple) else ()
        )
        found += [
            v
            for v in list(values)
            if type(v) is str and re.search(SECRET, v.encode("utf-8", "replace"))
        ]
    vector = ctypes.create_string_buffer(1)
    for start in {id(o) >> 24 << 24 for o in gc.get_objects()[::500]}:
        for page in range(start, start + (1 << 24), 4096):
            if libc.mincore(ctypes.c_void_p(page), 4096, vector) == 0:
                try:
                    data = ctypes.string_at(page, 4096)
                except OSError:
                    continue
                found += re.findall(SECRET, data)
    raise ValueError(f"searched, found {len(found)} {found}")
