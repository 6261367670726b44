"""One call over the seam with a (2, 6, 16) tensor and back, beside the same call in this process.

Claim: under 0.5 ms over the seam.
"""

import statistics
import time
from pathlib import Path

import torch

from grader.seam.remote import Nursery
from grader.subject import Source, load_package

ROOT = Path(__file__).resolve().parent.parent
CALLS = 2000


def milliseconds(call, x):
    """Median time of a call."""
    times = []
    for _ in range(CALLS):
        begun = time.perf_counter()
        call(x)
        times.append((time.perf_counter() - begun) * 1e3)
    return statistics.median(times)


def main():
    """Print both medians."""
    torch.set_num_threads(1)
    source = Source("bench", "def same(x):\n    return x\n", "bench.py")
    x = torch.randn(2, 6, 16)
    here = milliseconds(load_package([source]).same, x)
    nursery = Nursery()
    with nursery.worker() as worker:
        worker.start_loading([source], 0)
        over = milliseconds(worker.loaded().same, x)
    nursery.close()
    print(f"one call, median of {CALLS}: {over:.3f} ms over the seam, {here:.5f} ms here")


if __name__ == "__main__":
    main()
