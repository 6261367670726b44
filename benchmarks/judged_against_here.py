"""The same suites on the reference, judged and here, as whole processes in turn.

Claims: judged takes at most 1.5 times as long; a chapter judged takes under 15 s; a visible suite
takes under 2 s after imports. Chapters may be named: `judged_against_here.py ch03 ch04`.
"""

import statistics
import subprocess
import sys
import time
from pathlib import Path

from grader.course import load_course

ROOT = Path(__file__).resolve().parent.parent
RUNS = 3


# A process that imports what the suites import, and then measures pytest alone.
IMPORTED = """
import importlib, sys, time
for name in sys.argv[1].split(","):
    importlib.import_module(name)
import pytest
begun = time.perf_counter()
code = pytest.main(sys.argv[2:])
print("took", time.perf_counter() - begun)
sys.exit(code)
"""


def run(*command):
    """What a process prints; it must end well."""
    return subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=True).stdout


def seconds(folder, *options):
    """Wall time of one pytest process on a chapter's suites."""
    begun = time.perf_counter()
    run(sys.executable, "-m", "pytest", "-q", "--subject", "solutions", *options, folder)
    return time.perf_counter() - begun


def seconds_after_imports(chapter):
    """Wall time of a chapter's visible suite in a process that has imported what it needs."""
    names = ",".join(["torch.utils.data", "tiktoken", "hypothesis", *chapter.preload])
    path = f"tests/{chapter.name}/test_visible.py"
    said = run(sys.executable, "-c", IMPORTED, names, "-q", "--subject", "solutions", path)
    return float(said.rsplit("took", 1)[1])


def main():
    """Print a row for each chapter."""
    course = load_course(ROOT / "exercises" / "course.toml")
    print(f"{'chapter':20} {'here':>8} {'judged':>8} {'ratio':>6} {'visible after imports':>22}")
    wanted = [course.chapter(name) for name in sys.argv[1:]] or course.chapters
    for chapter in wanted:
        folder = f"tests/{chapter.name}"
        here, judged, ratios, visible = [], [], [], []
        for _ in range(RUNS):
            here.append(seconds(folder))
            judged.append(seconds(folder, "--judged"))
            ratios.append(judged[-1] / here[-1])
            visible.append(seconds_after_imports(chapter))
        medians = [statistics.median(v) for v in (here, judged, ratios, visible)]
        print("{:20} {:7.2f}s {:7.2f}s {:6.2f} {:21.2f}s".format(chapter.name, *medians))


if __name__ == "__main__":
    main()
