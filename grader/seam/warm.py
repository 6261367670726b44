"""What a process does once before it is forked, so that no fork has to do it again."""

from __future__ import annotations

import contextlib
import ctypes
import gc
import importlib
import os
import sys
from collections.abc import Iterable

import torch

HUGE = 2 << 20  # bytes of a huge page
MAX_HOLES = 100_000  # of one size that are filled; there are some hundred


def import_ahead(names: Iterable[str]) -> None:
    """Import modules that tests will need, as far as they are there: the test will say so."""
    missing = [name for name in names if name not in sys.modules]
    if not missing:
        return
    gc.disable()  # of so many new objects, none is garbage
    for name in missing:
        with contextlib.suppress(Exception):
            importlib.import_module(name)
    settle()
    gc.enable()


def warm() -> None:
    """Make forks of this process cheap; to be called when everything is imported."""
    torch.set_num_threads(1)  # a fork keeps no threads, and small tensors need none
    os.register_at_fork(after_in_child=_renew_pool)
    with torch.random.fork_rng(devices=[]):  # torch looks its kernels up at their first use
        model = torch.nn.Sequential(torch.nn.Linear(3, 4), torch.nn.Dropout(0.1))
        weights = torch.softmax(model(torch.randn(2, 5, 3)), dim=-1)
        (weights @ weights.transpose(1, 2)).mean().backward()
    gc.collect()
    settle()
    gc.enable()


def _renew_pool() -> None:
    """Have torch make its pool of threads anew, which it does at a fork's first use of a thread.

    Two threads that are the first at once would crash ("Invalid thread pool!").
    """
    torch.set_num_threads(1)


def settle() -> None:
    """Keep forks from writing to memory that is there now, each page of which is then copied."""
    gc.freeze()  # the collector has nothing to do with it
    with contextlib.suppress(OSError, AttributeError, TypeError):  # not glibc, or before 2.33
        libc = ctypes.CDLL(None)
        _fill_holes(libc)
        _join_pages(libc)


def _join_pages(libc: ctypes.CDLL) -> None:
    """Have huge pages again where a write after a fork has made many small ones of one.

    It takes the kernel some 50 ms, and each fork from here is spared the table of 35,000 pages.
    """
    libc.madvise.argtypes = [ctypes.c_void_p, ctypes.c_size_t, ctypes.c_int]
    with open("/proc/self/maps", encoding="utf-8") as file:
        maps = [line.split() for line in file]
    for place in (line[0] for line in maps if line[-1] == "[heap]"):
        first, last = (int(number, 16) for number in place.split("-"))
        first, last = -(-first // HUGE) * HUGE, last // HUGE * HUGE
        if last > first:
            libc.madvise(first, last - first, 25)  # MADV_COLLAPSE, since Linux 6.1


class _Info(ctypes.Structure):
    """`struct mallinfo2`."""

    _names = "arena ordblks smblks hblks hblkhd usmblks fsmblks uordblks fordblks keepcost"
    _fields_ = [(name, ctypes.c_size_t) for name in _names.split()]


def _fill_holes(libc: ctypes.CDLL) -> None:
    """Take all that malloc has to give between what is there, so that it gives fresh pages.

    A process that has imported torch has thousands of holes. A fork would fill them one after the
    other, and nearly every one costs the copy of a page.
    """
    libc.malloc.argtypes, libc.malloc.restype = [ctypes.c_size_t], ctypes.c_size_t
    libc.sbrk.argtypes, libc.sbrk.restype = [ctypes.c_ssize_t], ctypes.c_size_t
    libc.free.argtypes, libc.mallinfo2.restype = [ctypes.c_size_t], _Info
    fresh = libc.sbrk(0) - libc.mallinfo2().keepcost  # where the part begins that nobody has had
    for size in (*(1 << power for power in range(16, 10, -1)), *range(1016, 0, -16)):
        for _ in range(MAX_HOLES):
            given = libc.malloc(size)
            if not 0 < given < fresh:
                libc.free(given)
                break
