"""A class of 40 on chapter 3: `kata batch`, a loop of `pytest` processes, and stock nbgrader.

Claims: under 1.5 GiB for the whole grader; with 5,000 submissions in the store, the pages and each
export take under 10 s. Wanted: at least 5 times as many submissions a minute as the loop, and 10
times as many as `nbgrader autograde` with its own preprocessors. On two cores it is 2.3 and 3.5
times: a fresh process in the sandbox for each of 70 tests takes much of what one import saves.

The submissions are the reference, right alternatives, wrong answers and hostile code. The loop runs
the same suite in pytest's own process; it is stopped after `LOOP_SECONDS`, as it never ends where a
submission does not. It has no sandbox, and several of the hostile ones end or fool it.

Stock nbgrader executes each notebook in a kernel; its graded cells run the same tests by pytest
within that kernel, so that torch and the suites are imported once a notebook. No sandbox either.

    python benchmarks/batch.py [--class N] [--loop N] [--nbgrader N] [--no-store]
"""

import argparse
import copy
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

import nbformat
from nbgrader.api import Gradebook

from grader.course import load_course
from grader.errors import KataError
from grader.exports import FORMATS, export
from grader.grading import collect
from grader.judge import suite_files
from grader.notebooks.cells import pieces_of
from grader.notebooks.making import make
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
        while not ended.wait(3):
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


RUNNER = """
import os, pathlib, tempfile
os.environ["PYTEST_DISABLE_PLUGIN_AUTOLOAD"] = "1"
import pytest
from grader.judge import arguments
from grader.notebooks.cells import solution_pieces
from grader.notebooks.taking import take
from grader.course import load_course

ROOT = pathlib.Path({root!r})
CHAPTER = load_course(ROOT / "exercises" / "course.toml").chapter({chapter!r})


def run_tests(*names):
    module = take(get_ipython().user_ns["In"], solution_pieces(ROOT, CHAPTER), CHAPTER.name).text
    tests = [ROOT / "tests" / CHAPTER.name / name for name in names]
    with tempfile.TemporaryDirectory() as folder:
        (pathlib.Path(folder) / (CHAPTER.name + ".py")).write_text(module)
        assert pytest.main([*arguments(ROOT, tests, 0), "--subject", folder]) == 0
"""


def stock_course(folder):
    """A course in which nbgrader does everything itself; returns the released notebook."""
    chapter = load_course(ROOT / "exercises" / "course.toml").chapter(CHAPTER)
    make(ROOT, load_course(ROOT / "exercises" / "course.toml"), [chapter], folder)
    config = "c = get_config()\nc.CourseDirectory.course_id = 'stock'\n"
    (folder / "nbgrader_config.py").write_text(config, encoding="utf-8")
    tests = collect(ROOT, suite_files(ROOT, CHAPTER))
    path = folder / "source" / CHAPTER / f"{CHAPTER}.ipynb"
    notebook = nbformat.read(path, as_version=4)
    for cell in notebook.cells:
        name = cell.metadata.get("nbgrader", {}).get("grade_id", "")
        if name == "setup":
            cell.source = RUNNER.format(root=str(ROOT), chapter=CHAPTER)
        elif name.startswith("test-"):
            wanted = [t.id for t in tests if t.exercise == name.removeprefix("test-")]
            cell.source = f"run_tests(*{wanted!r})"
    nbformat.write(notebook, path)
    nbgrader(folder, "generate_assignment", CHAPTER)
    return nbformat.read(folder / "release" / CHAPTER / f"{CHAPTER}.ipynb", as_version=4), chapter


def nbgrader(folder, *arguments):
    """Run one of nbgrader's commands; one that fails on some submission goes on with the rest."""
    programs = Path(sys.executable).parent
    path = os.pathsep.join([str(programs), os.environ["PATH"]])
    command = [str(programs / "nbgrader"), *arguments]
    env = {**os.environ, "PATH": path, "HOME": str(folder)}
    subprocess.run(command, cwd=folder, env=env, capture_output=True, check=False)


def by_nbgrader(submissions, count, folder):
    """Seconds and points of `nbgrader autograde`, as it comes, over `count` submissions."""
    released, chapter = stock_course(folder)
    for submission in random.Random(1).sample(sorted(submissions.iterdir()), count):
        text = (submission / f"{CHAPTER}.py").read_text(encoding="utf-8")
        try:
            pieces = pieces_of(text, chapter)
        except (SyntaxError, KataError):  # one cell holds it all
            pieces = []
        own = {piece.name: piece.text for piece in pieces if not piece.given}
        rest = [piece.text for piece in pieces[1:] if piece.given] or ([] if pieces else [text])
        notebook = copy.deepcopy(released)
        for cell in notebook.cells:
            marks = cell.metadata.get("nbgrader", {})
            if marks.get("solution"):
                cell.source = own.get(marks["grade_id"], "")
                last = cell
        last.source = "\n\n\n".join([last.source, *rest])
        path = folder / "submitted" / submission.name / CHAPTER / f"{CHAPTER}.ipynb"
        path.parent.mkdir(parents=True)
        nbformat.write(notebook, path)
    begun = time.perf_counter()
    nbgrader(folder, "autograde", CHAPTER)
    seconds = time.perf_counter() - begun
    with Gradebook(f"sqlite:///{folder / 'gradebook.db'}") as gradebook:
        return seconds, {s.student.id: s.score for s in gradebook.assignment_submissions(CHAPTER)}


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
    single = {"junit": "all.xml", "csv": "grades.csv", "nbgrader": "gradebook.db"}
    for name in FORMATS:
        for out in dict.fromkeys((f"out-{name}", single.get(name, f"out-{name}"))):
            if name in ("csv", "nbgrader") and out.startswith("out"):
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
    parser.add_argument("--nbgrader", type=int, help="how many of them nbgrader takes")
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
        ended = processor_seconds()
        used = (ended - used) / count
        print(f"pytest loop: {used:.2f} processor seconds a submission")
        print(f"pytest loop: {seconds:.1f} s for {count}, {theirs:.1f} submissions a minute")
        print(f"ratio: {ours / theirs:.2f}; the loop calls right what is not: {fooled or 'none'}")
        count = wanted.nbgrader or wanted.size
        seconds, stock = by_nbgrader(submissions, count, folder / "stock")
        theirs, used = 60 * count / seconds, (processor_seconds() - ended) / count
        print(f"stock nbgrader: {used:.2f} processor seconds a submission")
        print(f"stock nbgrader: {seconds:.1f} s for {count}, {theirs:.1f} submissions a minute")
        print(f"ratio: {ours / theirs:.2f}; its points: {stock}")
        if not wanted.no_store:
            measure_store(reports[0], folder)


if __name__ == "__main__":
    main()
