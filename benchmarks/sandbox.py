"""What the sandbox stops, whom it disturbs, and what it costs.

Claims: no attack of the corpus succeeds and no innocent submission is punished; locking a worker
down takes under 20 ms more than a bare fork; the reference's suites take at most 1.2 times as long
as without the sandbox.

Run: python benchmarks/sandbox.py [attacks] [worker] [suites]   (all of them, if none is named)
"""

import os
import statistics
import subprocess
import sys
import tempfile
import time
from pathlib import Path
from xml.etree import ElementTree as ET

from grader.course import Limits, load_course
from grader.judge import Job, Judge
from grader.seam import ancestor, sandbox
from grader.seam.nursery import start
from grader.seam.remote import Nursery
from grader.subject import Source

ROOT = Path(__file__).resolve().parent.parent
WORKERS = 60
RUNS = 3  # of the reference's suites, each way
# A judge whose workers leave layers out.
BARE = """
from grader.seam import ancestor, nursery
be = nursery.be
nursery.be = lambda control: be(control, LAYERS)
ancestor.main()
"""
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
    sandbox.granted()  # the nursery knows it
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


def corpus():
    """Tests of the corpus by kind, with those that failed."""
    found = {"attacks": [0, []], "innocents": [0, []]}
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "corpus.xml"
        command = [sys.executable, "-m", "pytest", "-q", "-p", "no:cacheprovider"]
        command += ["tests/grader/test_attacks.py", "--junit-xml", str(path)]
        subprocess.run(command, cwd=ROOT, stdout=subprocess.DEVNULL, check=False)
        for case in ET.parse(path).iter("testcase"):
            name = case.get("name", "")
            kind = "innocents" if name.startswith("test_innocent") else "attacks"
            if name.startswith(("test_attack[", "test_innocent[", "test_hostile_folder[")):
                found[kind][0] += 1
                if case.find("failure") is not None or case.find("skipped") is not None:
                    found[kind][1].append(name)
    return found


def suites(without):
    """Seconds that a running judge takes for the reference's suites, the fastest of some runs."""
    course = load_course(ROOT / "exercises" / "course.toml")
    names = [chapter.name for chapter in course.chapters]
    plain = ancestor.command

    def bare(control, preload):
        command = plain(control, preload)
        at = command.index("-m")
        return [*command[:at], "-c", BARE.replace("LAYERS", repr(without)), *command[at + 2 :]]

    times = []
    ancestor.command = bare
    try:
        with Judge(ROOT, names, 0) as running:
            for number in range(RUNS):
                jobs = [Job(f"{number} {name}", ROOT / "solutions", name) for name in names]
                begun = time.perf_counter()
                records = [record for _, record in running.run(jobs)]
                times.append(time.perf_counter() - begun)
                bad = [
                    r for r in records if r.get("verdict", "PASSED") != "PASSED" or r.get("done")
                ]
                assert not bad, bad[:3]
    finally:
        ancestor.command = plain
    return min(times)


def main():
    """Print all figures, or those that are named."""
    wanted = sys.argv[1:] or ["attacks", "worker", "suites"]
    every = [layer.name for layer in sandbox.active_layers()]
    print(f"layers: {', '.join(layer.name for layer in sandbox.active_layers() if layer.active)}")
    if "attacks" in wanted:
        found = corpus()
        for kind, word in (("attacks", "succeeded"), ("innocents", "punished")):
            tried, bad = found[kind]
            print(f"{kind}: {tried} tried, {len(bad)} {word}{': ' if bad else ''}{', '.join(bad)}")
    if "worker" in wanted:
        bare, locked = milliseconds(every), milliseconds([])
        print(f"a worker, median of {WORKERS}: {locked:.1f} ms locked down, {bare:.1f} ms", end="")
        print(f" bare, {locked - bare:+.1f} ms; of processor time {processor():.1f} ms")
    if "suites" in wanted:
        without, inside = suites(every), suites([])
        print(
            f"the reference's suites: {inside:.1f} s in the sandbox, {without:.1f} s without",
            end="",
        )
        print(f", {inside / without:.2f} times")


if __name__ == "__main__":
    main()
