"""A class of 40 on chapter 3, graded by `kata batch` and by a loop of plain `pytest` processes.

Claims: at least 5 times as many submissions a minute; under 1.5 GiB for the whole grader; with
5,000 submissions in the store, the pages and each export take under 10 s.

The submissions are the reference, right alternatives, wrong answers and hostile code. The loop runs
the same suite in pytest's own process; it is stopped after `LOOP_SECONDS`, as it never ends where a
submission does not. It has no sandbox, and several of the hostile ones end or fool it.

    python benchmarks/batch.py [--class N] [--loop N] [--no-store]
"""

import argparse
import json
import os
import random
import resource
import subprocess
import sys
import tempfile
import threading
import time
from dataclasses import replace
from pathlib import Path

from grader.course import load_course
from grader.exports import FORMATS, export
from grader.overlay import overlay, read_answer
from grader.pages import write as write_pages
from grader.report import FAILED, PASSED
from grader.store import Key, Store

ROOT = Path(__file__).resolve().parent.parent
CHAPTER = "ch03_attention"
LOOP_SECONDS = 60
ROWS = 5_000
HOSTILE = {
    "exits": "import os; os._exit(0)\n",
    "raises_exit": "raise SystemExit(0)\n",
    "crashes": "import ctypes; ctypes.string_at(0)\n",
    "skips": "import pytest\npytest.skip('please', allow_module_level=True)\n",
    "patches": "import torch\ntorch.equal = torch.allclose = lambda *a, **k: True\n",
    "lies": "class E:\n    def __eq__(self, o): return True\n\ndef softmax(x): return E()\n",
    "floods": "for _ in range(20000): print('spam' * 100)\n",
    "does_not_parse": "def softmax(x, dim=-1:\n",
}


def write_class(folder, size):
    """Write `size` submissions: of ten, four right, four wrong, two hostile."""
    reference = (ROOT / "solutions" / f"{CHAPTER}.py").read_text(encoding="utf-8")
    home = ROOT / "tests" / CHAPTER
    draw = random.Random(0)
    right = draw.sample(sorted((home / "right").glob("*.py")), 20)
    wrong = draw.sample(sorted((home / "wrong").glob("*.py")), 80)
    hostile = sorted(HOSTILE)
    for number in range(size):
        kind = number % 10
        if kind < 2:
            name, text = "reference", reference
        elif kind < 4:
            answer = read_answer(right[number % len(right)])
            name, text = f"right_{answer.name}", overlay(reference, answer.text)
        elif kind < 8:
            answer = read_answer(wrong[number % len(wrong)])
            name, text = f"wrong_{answer.name}", overlay(reference, answer.text)
        else:
            name = hostile[(number // 10 * 2 + kind - 8) % len(hostile)]
            text = HOSTILE[name] if "parse" in name else reference + "\n\n" + HOSTILE[name]
        path = folder / f"{number:02}_{name}" / f"{CHAPTER}.py"
        path.parent.mkdir(parents=True)
        path.write_text(f"{text}\n# submission {number}\n", encoding="utf-8")


def resident(root_pid):
    """Proportional resident memory of a process and all below it, in MiB."""
    parents = {}
    for pid in filter(str.isdigit, os.listdir("/proc")):
        try:
            stat = Path(f"/proc/{pid}/stat").read_text(encoding="utf-8", errors="replace")
        except OSError:
            continue
        parents[int(pid)] = int(stat.rsplit(")", 1)[1].split()[1])
    family, grown = {root_pid}, True
    while grown:
        more = {pid for pid, parent in parents.items() if parent in family} - family
        family |= more
        grown = bool(more)
    total = 0
    for pid in family:
        try:
            lines = Path(f"/proc/{pid}/smaps_rollup").read_text(encoding="utf-8").splitlines()
        except OSError:
            continue
        total += next((int(line.split()[1]) for line in lines if line.startswith("Pss:")), 0)
    return total / 1024


def processor_seconds():
    """What the processes that were started and have ended took, with all below them."""
    used = resource.getrusage(resource.RUSAGE_CHILDREN)
    return used.ru_utime + used.ru_stime


def by_kata(submissions, results):
    """Seconds and peak memory of `kata batch`."""
    command = [sys.executable, "-m", "grader", "batch", str(submissions), "--chapter", CHAPTER]
    begun = time.perf_counter()
    process = subprocess.Popen([*command, "--results", str(results)], cwd=ROOT)
    peak = 0.0
    ended = threading.Event()

    def watch():
        nonlocal peak
        while not ended.wait(0.5):
            peak = max(peak, resident(process.pid))

    watcher = threading.Thread(target=watch)
    watcher.start()
    code = process.wait()
    seconds = time.perf_counter() - begun
    ended.set()
    watcher.join()
    assert code == 0, f"kata batch ended with {code}"
    return seconds, peak


def by_loop(submissions, count):
    """Seconds of a loop of pytest processes over `count` submissions of the class."""
    chosen = random.Random(1).sample(sorted(submissions.iterdir()), count)
    begun, fooled = time.perf_counter(), []
    for folder in chosen:
        command = [sys.executable, "-m", "pytest", "-q", "-p", "no:cacheprovider"]
        command += [f"tests/{CHAPTER}", "--subject", str(folder)]
        try:
            done = subprocess.run(
                command, cwd=ROOT, capture_output=True, timeout=LOOP_SECONDS, check=False
            )
            if done.returncode == 0 and not any(w in folder.name for w in ("reference", "right")):
                fooled.append(folder.name)
        except subprocess.TimeoutExpired:
            pass
    return time.perf_counter() - begun, len(chosen), fooled


def fill(path, template):
    """A store of `ROWS` submissions with verdicts by chance."""
    draw = random.Random(0)
    (chapter,) = template.chapters
    with Store(path, create=True) as store, store.together():
        store.note_chapter(2, "suite", template)
        for number in range(ROWS):
            skill = draw.random()
            exercises = tuple(
                replace(
                    e,
                    tests=tuple(
                        replace(t, verdict=PASSED, message="")
                        if draw.random() < skill
                        else replace(t, verdict=FAILED, message="wrong result " * 20)
                        for t in e.tests
                    ),
                )
                for e in chapter.exercises
            )
            report = replace(template, chapters=(replace(chapter, exercises=exercises),))
            key = Key(f"digest{number}", "suite", "0.1.0", 0)
            store.hand_in(f"learner{number:05}", chapter.name, key)
            store.keep(key, report)


def measure_store(template, folder):
    """Print the seconds of each export of a large store."""
    path = folder / "large.sqlite"
    fill(path, template)
    print(f"{ROWS} submissions of {len(template.tests)} tests: {path.stat().st_size >> 20} MiB")
    course = load_course(ROOT / "exercises" / "course.toml")
    single = {"junit": "all.xml", "csv": "grades.csv"}
    for name in FORMATS:
        for out in dict.fromkeys((f"out-{name}", single.get(name, f"out-{name}"))):
            if name == "csv" and out.startswith("out"):
                continue
            begun = time.perf_counter()
            with Store(path) as store:
                export(name, store.reports(), folder / out)
            print(f"  export {name:10} to {out:15} {time.perf_counter() - begun:6.2f} s")
    begun = time.perf_counter()
    with Store(path) as store:
        write_pages(store.reports(), course, folder / "pages")
    print(f"  pages                             {time.perf_counter() - begun:6.2f} s")


def main():
    """Print what was measured."""
    parser = argparse.ArgumentParser()
    parser.add_argument("--class", dest="size", type=int, default=40, help="submissions")
    parser.add_argument("--loop", type=int, help="how many of them the loop takes (default: all)")
    parser.add_argument("--no-store", action="store_true", help="leave the large store out")
    wanted = parser.parse_args()
    with tempfile.TemporaryDirectory(prefix="kata-bench-") as name:
        folder = Path(name)
        submissions = folder / "submissions"
        write_class(submissions, wanted.size)
        seconds, peak = by_kata(submissions, folder / "results.sqlite")
        ours = 60 * wanted.size / seconds
        used = processor_seconds()
        print(f"kata batch: {used / wanted.size:.2f} processor seconds a submission")
        print(f"kata batch: {seconds:.1f} s, {ours:.1f} submissions a minute, peak {peak:.0f} MiB")
        with Store(folder / "results.sqlite") as store:
            reports = list(store.reports())
        points = {r.subject: r.to_dict()["points"] for r in reports}
        print(json.dumps(points, indent=1))
        seconds, count, fooled = by_loop(submissions, wanted.loop or wanted.size)
        theirs = 60 * count / seconds
        used = (processor_seconds() - used) / count
        print(f"pytest loop: {used:.2f} processor seconds a submission")
        print(f"pytest loop: {seconds:.1f} s for {count}, {theirs:.1f} submissions a minute")
        print(f"ratio: {ours / theirs:.2f}; the loop calls right what is not: {fooled or 'none'}")
        if not wanted.no_store:
            measure_store(reports[0], folder)


if __name__ == "__main__":
    main()
