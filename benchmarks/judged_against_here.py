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


def seconds(chapter, *options):
    """Wall time of one pytest process on a chapter's suites, and what pytest itself measured."""
    command = [sys.executable, "-m", "pytest", "-q", "--subject", "solutions", *options]
    begun = time.perf_counter()
    done = subprocess.run(
        [*command, *chapter], cwd=ROOT, capture_output=True, text=True, check=True
    )
    wall = time.perf_counter() - begun
    inner = float(done.stdout.rsplit(" in ", 1)[1].split("s")[0])
    return wall, inner


def main():
    """Print a row for each chapter."""
    course = load_course(ROOT / "exercises" / "course.toml")
    print(f"{'chapter':20} {'here':>8} {'judged':>8} {'ratio':>6} {'visible after imports':>22}")
    wanted = [course.chapter(name) for name in sys.argv[1:]] or course.chapters
    for chapter in wanted:
        folder = f"tests/{chapter.name}"
        here, judged, ratios, visible = [], [], [], []
        for _ in range(RUNS):
            here.append(seconds([folder])[0])
            judged.append(seconds([folder], "--judged")[0])
            ratios.append(judged[-1] / here[-1])
            visible.append(seconds([f"{folder}/test_visible.py"])[1])
        medians = [statistics.median(v) for v in (here, judged, ratios, visible)]
        print("{:20} {:7.2f}s {:7.2f}s {:6.2f} {:21.2f}s".format(chapter.name, *medians))


if __name__ == "__main__":
    main()
