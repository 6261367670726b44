"""Starts processes through multiprocessing and concurrent.futures.

outcome: FAILED
says: PermissionError|OSError
"""

import multiprocessing


def double(x):
    with multiprocessing.get_context("fork").Pool(4) as pool:
        return pool.map(abs, [x])[0]
