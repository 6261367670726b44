"""Faults of ours never become a score: kill -9, a full disk, a clock that jumps, no /proc."""

import ast
import contextlib
import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest

from grader import grading, scratch
from grader.course import load_course
from grader.errors import SubjectTimeout, UnjudgedError
from grader.judge import Job, Judge
from grader.seam import measures
from grader.seam.nursery import start
from grader.seam.remote import Nursery
from grader.subject import Source

from .conftest import CHAPTER
from .faults import RIGHT, Faults

ROOT = Path(__file__).resolve().parents[2]

pytestmark = pytest.mark.skipif(sys.platform != "linux", reason="reads /proc")


# kill -9


@pytest.fixture(scope="module")
def faults(tmp_path_factory):
    running = Faults(tmp_path_factory.mktemp("faults"), seed=0)
    yield running
    running.close()


@pytest.mark.parametrize("number", range(20))
def test_a_kill_at_any_moment_gives_no_false_score_and_leaves_nothing(faults, number):
    """200 trials: `python tests/grader/faults.py`."""
    faults.trial()


def submission(folder, text):
    folder.mkdir(exist_ok=True)
    (folder / f"{CHAPTER}.py").write_text(text, encoding="utf-8")
    return folder


def verdicts(judge, folder, tests=None):
    found = {}
    for _, record in judge.run([Job("job", folder, CHAPTER, tests)]):
        if "done" in record:
            assert record["done"] == ""
        else:
            found[record["id"].partition("::")[2]] = (record["verdict"], record["message"])
    return found


def test_a_worker_that_is_killed_from_outside_costs_its_test_nothing(judge, tmp_path):
    """As the system does when memory is short: the test runs once more, in another worker."""
    folder = submission(tmp_path / "one", "import time\ntime.sleep(1.5)\n" + RIGHT)
    before = set(_below(judge._process.pid))
    import threading

    struck = []

    def strike():
        until = time.monotonic() + 30
        while not struck and time.monotonic() < until:
            for pid in set(_below(judge._process.pid)) - before:
                if _slept(pid):
                    os.kill(pid, signal.SIGKILL)
                    struck.append(pid)
                    return
            time.sleep(0.01)

    thread = threading.Thread(target=strike)
    thread.start()
    found = verdicts(judge, folder, ("test_visible.py::test_double_of_three",))
    thread.join()
    assert struck
    assert found["test_double_of_three"] == ("PASSED", "")


def test_a_worker_that_kills_itself_fails_and_is_not_tried_for_ever(judge, tmp_path):
    text = "import os\ndef double(x): os.kill(os.getpid(), 9)\n"
    found = verdicts(judge, submission(tmp_path / "one", text))
    assert found["test_double_of_three"] == ("FAILED", "the process was ended by SIGKILL")
    assert len(found) == len(judge.tests)


SWALLOWS = """
import contextlib

import pytest


@pytest.mark.exercise("double")
def test_takes_what_comes(chapter):
    'Whatever is raised.'
    {before}
    with contextlib.suppress(Exception):
        chapter.double(1)
    {after}
"""


ENDED = "import os; worker = chapter._worker; worker._nursery._control.shutdown(2); "
ENDED += "os.kill(worker._pid, 9)"


@pytest.mark.parametrize(
    ("text", "before", "after", "verdict", "words"),
    [
        (RIGHT, "", "", "PASSED", ""),
        ("import os\ndef double(x): os._exit(0)\n", "", "", "FAILED", "exit code 0"),
        ("import os\ndef double(x): os.kill(os.getpid(), 9)\n", "", "", "FAILED", "SIGKILL"),
        (RIGHT, ENDED, "", "UNJUDGED", "nursery"),
        (RIGHT, ENDED, "assert 0", "UNJUDGED", "nursery"),
    ],
)
def test_a_test_that_takes_any_exception_does_not_hide_how_the_worker_ended(
    demo, tmp_path, text, before, after, verdict, words
):
    """Nor does it make a failure of a fault of ours."""
    suite = demo / "tests" / CHAPTER / "test_visible.py"
    suite.write_text(SWALLOWS.format(before=before, after=after), encoding="utf-8")
    with Judge(demo, [CHAPTER], seed=0) as judge:
        found = verdicts(
            judge, submission(tmp_path / "one", text), ("test_visible.py::test_takes_what_comes",)
        )
    assert found["test_takes_what_comes"][0] == verdict
    assert words in found["test_takes_what_comes"][1]


def _below(pid):
    from .faults import descendants

    return descendants(pid)


def _slept(pid):
    """Whether it is a worker in the sandbox, waiting in a sleep of the subject's."""
    try:
        status = Path(f"/proc/{pid}/status").read_text(encoding="utf-8")
        where = Path(f"/proc/{pid}/wchan").read_text(encoding="utf-8")
    except OSError:
        return False
    return "Seccomp:\t2" in status and "nanosleep" in where


# Folders


def test_folders_of_dead_processes_are_swept_and_those_of_the_living_stay(tmp_path, monkeypatch):
    monkeypatch.setenv("TMPDIR", str(tmp_path))
    monkeypatch.setattr("tempfile.tempdir", None)
    code = "from grader.scratch import Scratch\nimport os, sys\ns = Scratch()\nprint(s.path)\n"
    code += "open(os.path.join(s.path, 'x'), 'w').close()\nsys.stdout.flush()\nsys.stdin.read()\n"

    def owner():
        process = subprocess.Popen(
            [sys.executable, "-c", code],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            text=True,
            cwd=ROOT,
        )
        return process, Path(process.stdout.readline().strip())

    living, kept = owner()
    dead, left = owner()
    dead.kill()
    dead.wait()
    assert left.is_dir()
    (tmp_path / "kata-run-file").write_text("", encoding="utf-8")
    (tmp_path / "kata-run-link").symlink_to(kept)
    mine = scratch.Scratch()
    assert not left.exists()
    assert (kept / "x").exists()
    assert (tmp_path / "kata-run-file").exists()
    mine.close()
    living.kill()
    living.wait()
    living.stdin.close()
    with scratch.folder() as folder:
        assert [p.name for p in tmp_path.iterdir() if p.is_dir() and not p.is_symlink()] == [
            folder.name
        ]


# A fork of the judge that hangs


def test_a_fork_of_the_judge_that_hangs_is_stopped_and_says_so(demo, tmp_path):
    suite = demo / "tests" / CHAPTER / "test_visible.py"
    suite.write_text(
        "import time, pytest\n\n@pytest.mark.exercise('double')\ndef test_stuck(chapter):\n"
        "    'Ours hangs.'\n    time.sleep(1000)\n",
        encoding="utf-8",
    )
    course = demo / "exercises" / "course.toml"
    text = course.read_text(encoding="utf-8")
    course.write_text(text.replace("[rules", "[limits]\ntest_seconds = 1\n\n[rules", 1), "utf-8")
    plugin = ROOT / "grader" / "plugin.py"
    assert "SLACK = 120.0" in plugin.read_text(encoding="utf-8")
    from grader.judge import Server

    events = _hung(Server)
    assert events[-1]["done"] == "the judge's fork said nothing for 1 s"


def _hung(server_of):
    """What a server says of a job whose fork sleeps."""
    import json
    import socket
    import threading

    ours, theirs = socket.socketpair()
    server = server_of(theirs, [], lambda job: None, lambda *_: time.sleep(1000), 1.0)
    thread = threading.Thread(target=server.serve)
    thread.start()
    ours.sendall(json.dumps({"job": "stuck"}).encode() + b"\n")
    lines = ours.makefile("r", encoding="utf-8")
    found = [json.loads(lines.readline()) for _ in range(2)]
    ours.shutdown(socket.SHUT_RDWR)
    lines.close()
    ours.close()
    thread.join()
    return found


# A full disk, a folder that cannot be written


@pytest.fixture
def small_disk(tmp_path):
    """A file system of 64 KiB."""
    place = tmp_path / "small"
    place.mkdir()
    mount = ["mount", "-t", "tmpfs", "-o", "size=64k,nr_inodes=64", "kata", str(place)]
    if os.geteuid() or subprocess.run(mount, capture_output=True, check=False).returncode:
        pytest.skip("only root can mount")
    yield place
    subprocess.run(["umount", "-l", str(place)], check=True)


def fill(place):
    no_space = contextlib.suppress(OSError)
    with (place / "ballast").open("wb", buffering=0) as file, no_space:
        while True:
            file.write(bytes(4096))
    number = 0
    while True:
        try:
            (place / f"f{number}").touch()
            number += 1
        except OSError:
            return


def test_a_full_disk_is_our_fault_and_one_sentence(small_disk, demo, monkeypatch):
    fill(small_disk)
    monkeypatch.setattr("tempfile.tempdir", str(small_disk))
    course = load_course(demo / "exercises" / "course.toml")
    plan = grading.Plan(demo, course, demo / "solutions", course.chapters)
    with pytest.raises(UnjudgedError, match=r"no folder can be made in .*No space left"):
        grading.grade(plan)


def test_a_disk_that_fills_while_grading_gives_no_score(small_disk, demo, monkeypatch, tmp_path):
    monkeypatch.setattr("tempfile.tempdir", str(small_disk))
    folder = submission(tmp_path / "one", RIGHT)
    with Judge(demo, [CHAPTER], seed=0) as judge:
        fill(small_disk)
        found = verdicts(judge, folder)
        assert {v for v, _ in found.values()} == {"UNJUDGED"}
        assert all("No space left" in message for _, message in found.values())
        for path in small_disk.glob("f*"):
            path.unlink()
        (small_disk / "ballast").unlink()
        assert {v for v, _ in verdicts(judge, folder).values()} == {"PASSED"}


@pytest.mark.parametrize("how", ["full", "read-only"])
def test_results_that_cannot_be_written_are_one_sentence(small_disk, demo, how):
    if how == "full":
        fill(small_disk)
        (small_disk / "f0").unlink()
        words = "No space left"
    else:
        options = ["-o", "remount,ro,size=64k", str(small_disk)]
        subprocess.run(["mount", *options], check=True)
        words = "Read-only file system"

    def kata(*args):
        command = [sys.executable, "-m", "grader", *map(str, args)]
        return subprocess.run(
            command, cwd=demo, capture_output=True, text=True, check=False, timeout=200
        )

    handed_in = demo / "submissions"
    handed_in.mkdir()
    submission(handed_in / "a", RIGHT)
    report = small_disk / "report.json"
    for command in (
        ("grade", "solutions", "--json", report),
        ("batch", handed_in, "--results", small_disk / "r.sqlite"),
    ):
        done = kata(*command)
        assert done.returncode == 2, done.stderr
        assert len(done.stderr.strip().splitlines()) == 1, done.stderr
        assert str(small_disk) in done.stderr
        assert words in done.stderr or command[0] == "batch"
    assert not report.exists()
    assert kata("grade", "solutions", "--json", "report.json").returncode == 0, "the next run works"


# A clock that jumps, no /proc


def test_deadlines_hold_while_the_clock_jumps(monkeypatch):
    """Backwards and forwards by years, at every look."""
    jumps = iter(range(10**9))
    monkeypatch.setattr(time, "time", lambda: (-1) ** next(jumps) * 1e9)
    nursery = Nursery(start())
    text = "def f():\n    while True: pass\ndef g(): return 1\n"
    from dataclasses import replace

    nursery._limits = replace(nursery._limits, call_seconds=1)
    with nursery.worker() as worker:
        worker.start_loading([Source(CHAPTER, text, f"{CHAPTER}.py")], 0)
        chapter = worker.loaded()
        assert chapter.g() == 1
        begun = time.monotonic()
        with pytest.raises(SubjectTimeout):
            chapter.f()
        assert 0.9 < time.monotonic() - begun < 30
    nursery.close()


def test_no_deadline_asks_the_clock_of_the_wall():
    """Only what is shown to people does: when something was graded."""
    allowed = {"store.py", "scratch.py"}
    for path in sorted((ROOT / "grader").rglob("*.py")):
        if path.name in allowed or path.parent.name in ("train", "model", "exports", "learn"):
            continue
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
            if isinstance(node, ast.Attribute) and node.attr in ("time", "now", "utcnow"):
                owner = node.value.id if isinstance(node.value, ast.Name) else ""
                assert owner not in ("time", "datetime"), f"{path.name}:{node.lineno}"


def test_without_proc_grading_works_and_says_what_is_missing(demo):
    """Nothing measures from outside then; rlimits still bound, and `--strict` refuses."""
    grade = f"exec {sys.executable} -m grader grade solutions"
    for more, code, words in (("", 0, "8/8 points"), (" --strict", 3, "lacks measures")):
        script = f"mount -t tmpfs kata /proc && {grade}{more}"
        done = subprocess.run(
            ["unshare", "-m", "sh", "-c", script],
            cwd=demo,
            capture_output=True,
            text=True,
            check=False,
            timeout=300,
        )
        if "unshare" in done.stderr or "mount" in done.stderr:
            pytest.skip("only root can hide /proc")
        assert done.returncode == code, done.stdout + done.stderr
        assert words in " ".join((done.stdout + done.stderr).split())


def test_measures_of_a_process_that_is_gone_are_an_error_and_not_a_number():
    with pytest.raises(FileNotFoundError):
        measures.used(2**22 + 1)
