"""What locking down costs: a worker in the sandbox beside a bare fork.

Claim: under 20 ms a worker.
"""

import os
import statistics
import tempfile
import time

from grader.course import Limits
from grader.seam import sandbox
from grader.seam.nursery import start
from grader.seam.remote import Nursery
from grader.subject import Source

WORKERS = 60
SOURCE = Source("bench", "x = 1\n", "bench.py")


def milliseconds(without):
    """Median time from asking for a worker until its subject is loaded."""
    nursery = Nursery(start(without=without))
    times = []
    for _ in range(WORKERS):
        begun = time.perf_counter()
        with nursery.worker() as worker:
            worker.start_loading([SOURCE], 0)
            worker.loaded()
            times.append((time.perf_counter() - begun) * 1e3)
    nursery.close()
    return statistics.median(times)


def processor():
    """Median processor time of locking a small process down."""
    times = []
    sandbox.readable()  # the nursery knows it
    for _ in range(WORKERS):
        reading, writing = os.pipe()
        if os.fork() == 0:
            scratch = os.open(tempfile.gettempdir(), os.O_RDONLY)
            begun = time.process_time()
            sandbox.lock_down(scratch, Limits())
            os.write(writing, str((time.process_time() - begun) * 1e3).encode())
            os._exit(0)
        os.close(writing)
        with open(reading, encoding="utf-8") as answer:
            times.append(float(answer.read()))
        os.wait()
    return statistics.median(times)


def main():
    """Print what each costs."""
    every = [layer.name for layer in sandbox.active_layers()]
    print(f"layers: {', '.join(layer.name for layer in sandbox.active_layers() if layer.active)}")
    bare, locked = milliseconds(every), milliseconds([])
    print(f"a worker, median of {WORKERS}: {locked:.1f} ms locked down, {bare:.1f} ms bare", end="")
    print(f", {locked - bare:+.1f} ms; of processor time {processor():.1f} ms")


if __name__ == "__main__":
    main()
