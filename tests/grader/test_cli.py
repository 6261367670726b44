"""The commands as a user meets them: one sentence, the right exit code, nothing lost."""

import json
import os
import subprocess
import sys
import time

import pytest

CHAPTER = "ch01_demo"


@pytest.fixture
def kata(demo):
    """Runs `kata` inside the demo course."""

    def run(*args, cwd=demo, **options):
        command = [sys.executable, "-m", "grader", *map(str, args)]
        return subprocess.run(
            command, cwd=cwd, capture_output=True, text=True, timeout=120, check=False, **options
        )

    return run


def fill(demo, text=None):
    path = demo / "exercises" / f"{CHAPTER}.py"
    path.write_text(
        text or (demo / "solutions" / f"{CHAPTER}.py").read_text(encoding="utf-8"), encoding="utf-8"
    )


def test_help_is_quick_and_without_torch():
    code = "import sys, grader.cli; sys.exit('torch' in sys.modules or 'pytest' in sys.modules)"
    assert subprocess.run([sys.executable, "-c", code], check=False).returncode == 0


@pytest.mark.parametrize("command", ["--help", "--version", "status", "release"])
def test_light_commands_import_no_torch(demo, command):
    arguments = [command, "--check"] if command == "release" else [command]
    code = (
        "import sys\nfrom grader.cli import app\n"
        f"try:\n    app({arguments!r}, prog_name='kata')\n"
        "except SystemExit as end:\n    print('code', end.code, 'torch' in sys.modules)\n"
    )
    done = subprocess.run(
        [sys.executable, "-c", code], cwd=demo, capture_output=True, text=True, check=True
    )
    assert done.stdout.splitlines()[-1] == "code 0 False"


@pytest.mark.parametrize(
    ("args", "words"),
    [
        (["frobnicate"], "No such command"),
        (["check", "ch77"], "no chapter 'ch77'; the chapters are ch01_demo"),
        (["check", "ch01.nothing"], "has no exercise 'nothing'"),
        (["grade", "nowhere"], "is not a folder"),
        (["grade", "--chapter", "ch9"], "no chapter 'ch9'"),
        (["grade", "--seed", "-1"], "--seed is -1"),
        (["grade", "--seed", "two"], "--seed"),
        (["grade", "solutions", "--json", "no/such/folder/r.json"], "is not there"),
        (["diff", "ch01"], "is a chapter"),
        (["diff", "double"], "is open: run `kata check ch01_demo.double`"),
    ],
)
def test_bad_usage_is_one_sentence_and_exit_code_2(kata, args, words):
    done = kata(*args)
    assert done.returncode == 2
    assert words in done.stderr
    assert "Traceback" not in done.stderr + done.stdout
    assert done.stdout == ""


def test_outside_of_any_course_the_graders_own_is_used_or_nothing(kata, tmp_path):
    done = kata("status", cwd=tmp_path)
    assert done.returncode == 0
    assert "ch03_attention" in done.stdout


def test_grade_passes_a_right_answer(kata, demo):
    done = kata("grade", "solutions", "--json", demo / "report.json", "--seed", "7")
    assert (done.returncode, done.stderr) == (0, "")
    assert "8/8" in done.stdout
    report = json.loads((demo / "report.json").read_text(encoding="utf-8"))
    assert (report["schema"], report["points"], report["max_points"]) == (1, 8.0, 8)
    assert (report["seed"], report["mode"]) == (7, "judged")
    assert [p.name for p in demo.iterdir() if "tmp" in p.name] == []


def test_grade_of_a_stub_fails_and_shows_each_sentence(kata):
    done = kata("grade")
    assert done.returncode == 1
    assert "0/8" in done.stdout
    assert "double(x) is 2 x for any number." in done.stdout
    assert "not written yet: ch01_demo.double" in done.stdout


def test_grade_says_what_was_not_handed_in(kata, tmp_path):
    done = kata("grade", tmp_path)
    assert done.returncode == 1
    assert "ch01_demo (not handed in)" in done.stdout
    assert "0/8" in done.stdout


def test_unjudged_has_an_exit_code_of_its_own(kata, demo):
    (demo / "tests" / CHAPTER / "test_hidden.py").write_text("import nothing\n", encoding="utf-8")
    done = kata("grade", "solutions", "--json", demo / "report.json")
    assert done.returncode == 3
    assert done.stderr.startswith("kata: ")
    assert len(done.stderr.strip().splitlines()) == 1
    assert not (demo / "report.json").exists()


@pytest.mark.parametrize("judged", [[], ["--judged"]])
def test_check_teaches_one_step(kata, judged):
    done = kata("check", *judged)
    assert done.returncode == 1
    lines = done.stdout.splitlines()
    assert lines[0] == "  0/1  ch01_demo.double: not written yet"
    assert "hint: add it to itself" in lines
    last = "next: write it in exercises/ch01_demo.py, then `kata check ch01_demo.double`"
    assert lines[-1] == last


def test_check_of_one_exercise_runs_its_tests_alone(kata, demo):
    fill(demo)
    done = kata("check", "double")
    assert done.returncode == 0
    assert done.stdout.splitlines()[0] == "  1/1  ch01_demo.double: PASSED"
    assert "quadruple" not in done.stdout
    assert "Hidden tests look deeper" in done.stdout


def test_status_follows_what_was_checked(kata, demo):
    assert "next: write ch01_demo.double" in kata("status").stdout
    fill(demo)
    assert "not checked" in kata("status").stdout
    kata("check")
    done = kata("status").stdout
    assert "8 of 8 points done" in done
    path = demo / "exercises" / f"{CHAPTER}.py"
    path.write_text(path.read_text(encoding="utf-8") + "# changed\n", encoding="utf-8")
    assert "not checked" in kata("status").stdout


def test_diff_waits_until_the_exercise_passes(kata, demo):
    fill(demo, "def double(x):\n    return 2 * x\n")
    assert kata("diff", "double").returncode == 2
    assert "+    return x + x" in kata("diff", "double", "--give-up").stdout
    assert kata("check", "double").returncode == 0
    done = kata("diff", "double")
    assert done.returncode == 0
    assert "-    return 2 * x" in done.stdout
    assert "+    return x + x" in done.stdout
    assert "\x1b" not in done.stdout


def test_release_check_and_release(kata, demo):
    assert kata("release", "--check").returncode == 0
    path = demo / "exercises" / f"{CHAPTER}.py"
    path.unlink()
    done = kata("release", "--check")
    assert done.returncode == 1
    assert "differs from its solution; run `kata release`" in done.stdout
    assert kata("release").returncode == 0
    assert kata("release", "--check").returncode == 0


def test_output_of_learners_cannot_move_the_terminal(kata, demo):
    fill(demo, "def double(x):\n    raise ValueError('\\x1b[2J[red]\\u202e')\n")
    done = kata("check", "double")
    assert "\x1b" not in done.stdout
    assert "[red]" in done.stdout


def test_a_closed_pipe_is_quiet(demo):
    command = f"{sys.executable} -m grader grade exercises | head -n 1; exit ${{PIPESTATUS[0]}}"
    done = subprocess.run(
        ["bash", "-c", command], cwd=demo, capture_output=True, text=True, check=False
    )
    assert "Traceback" not in done.stderr


def processes():
    """Command lines of all processes that are ours."""
    found = []
    for pid in filter(str.isdigit, os.listdir("/proc")):
        try:
            with open(f"/proc/{pid}/cmdline", "rb") as file:
                found.append((int(pid), file.read().replace(b"\0", b" ").decode()))
        except OSError:
            continue
    return found


@pytest.mark.skipif(sys.platform != "linux", reason="reads /proc")
def test_a_killed_grading_leaves_no_process_and_no_file(demo):
    fill(demo, "while True: pass\n")
    report = demo / "report.json"
    command = [sys.executable, "-m", "grader", "grade", "--json", str(report)]
    process = subprocess.Popen(command, cwd=demo, stdout=subprocess.DEVNULL)
    until = time.monotonic() + 60
    while time.monotonic() < until and not _judges(demo):
        time.sleep(0.05)
    time.sleep(3)
    assert _judges(demo), "the judge runs"
    process.kill()
    process.wait()
    while time.monotonic() < until and _judges(demo):
        time.sleep(0.1)
    assert _judges(demo) == []
    assert not report.exists()


def _judges(demo):
    return [pid for pid, line in processes() if "grader" in line and str(demo) in line]
