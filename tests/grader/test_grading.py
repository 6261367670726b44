"""A submission becomes a report: verdicts, points, exit codes, whatever the submission does."""

import json
import os
import subprocess
import sys
from dataclasses import replace
from fractions import Fraction
from pathlib import Path

import jsonschema
import pytest

from grader import grading
from grader.course import load_course
from grader.errors import UnjudgedError
from grader.grading import Plan
from grader.judge import Job, Judge
from grader.report import (
    ChapterReport,
    ExerciseReport,
    Report,
    TestReport,
    from_dict,
    rounded,
    worst,
)
from grader.seam import ancestor

CHAPTER = "ch01_demo"
SCHEMA = json.loads(
    (Path(grading.__file__).parent / "report.schema.json").read_text(encoding="utf-8")
)
GOOD = (
    "import torch\n"
    "def double(x):\n    return x + x\n"
    "def quadruple(x):\n    return 4 * x\n"
    "def gelu(x):\n    return 0.5 * x * (1 + torch.erf(x / 2**0.5))\n"
)


@pytest.fixture
def run(judge, tmp_path):
    """Runs the demo suites on a text; returns {test name: record}."""

    def runner(text, *, judged=True, tests=None):
        folder = tmp_path / "subject"
        folder.mkdir(exist_ok=True)
        (folder / f"{CHAPTER}.py").write_text(text, encoding="utf-8", errors="surrogatepass")
        found = {}
        for _, record in judge.run([Job("job", folder, CHAPTER, tests, judged)]):
            if "done" in record:
                assert record["done"] == ""
            else:
                found[record["id"].partition("::")[2]] = record
        return found

    return runner


@pytest.fixture
def plan(demo_root, demo_course, tmp_path):
    folder = tmp_path / "subject"
    folder.mkdir()
    (folder / f"{CHAPTER}.py").write_text(GOOD, encoding="utf-8")
    return Plan(demo_root, demo_course, folder, demo_course.chapters)


def verdicts(records):
    return {name: record["verdict"] for name, record in records.items()}


CURIOUS = """
import contextlib, os, sys

said = [repr(sys.argv), repr(sys.orig_argv), repr(dict(os.environ))]
for name in ("cmdline", "environ"):
    with contextlib.suppress(OSError), open(f"/proc/self/{name}") as file:
        said.append(file.read())
strangers = {name.split(".")[0] for name in sys.modules} & {"pytest", "_pytest", "hypothesis"}
secrets = ("seed", "test_hidden", "solutions", "PATH=", "LANG")
words = [word for word in secrets if word in str(said)]
if strangers or words:
    raise ImportError(f"{strangers} {words}")
"""


def test_what_a_judge_is_told_does_not_reach_its_workers(run):
    """They come of the same process, but from a time at which it knew nothing."""
    assert set(verdicts(run(CURIOUS + GOOD)).values()) == {"PASSED"}


@pytest.mark.parametrize("judged", [True, False])
def test_a_right_answer_passes_in_both_modes(run, judged):
    assert set(verdicts(run(GOOD, judged=judged)).values()) == {"PASSED"}


@pytest.mark.parametrize("judged", [True, False])
def test_a_wrong_answer_fails_only_its_tests(run, judged):
    found = verdicts(run(GOOD.replace("x + x", "x + 2"), judged=judged))
    assert found == {
        "test_double_of_three": "FAILED",
        "test_double_of_any_number": "FAILED",
        "test_quadruple_of_three": "PASSED",
        "test_quadruple_of_a_tensor": "PASSED",
        "test_gelu_is_written_from_scratch": "PASSED",
        "test_gelu_of_large_numbers": "PASSED",
    }


def test_a_tests_own_words_stand_alone(run):
    """Of `assert found == 12, "..."` the learner reads the words, and no expression of pytest's."""
    bad = GOOD.replace("4 * x", "4 * x + 1")
    message = run(bad)["test_quadruple_of_three"]["message"]
    assert message == "quadruple(3) is 13, expected 12"


def test_a_visible_test_says_the_call_what_came_and_where(run):
    message = run(GOOD.replace("x + x", "x + 2"))["test_double_of_three"]["message"]
    assert message == "double: 6 of 6 values differ; first at dim 0 0, dim 1 0: got 5, expected 6"


def test_a_hidden_test_shows_no_data_and_no_word_of_the_subjects(run):
    leak = "def double(x):\n    raise ValueError(f'secret {x}')\n"
    found = run(GOOD + leak)
    assert found["test_double_of_any_number"]["message"] == "raised an exception"
    assert "secret" in found["test_double_of_three"]["message"]
    wrong = run(GOOD.replace("x + x", "x + 2"))
    assert wrong["test_double_of_any_number"]["message"] == "wrong result"


def test_a_falsifying_example_is_shown_to_nobody_in_hidden_tests(run):
    record = run(GOOD.replace("x + x", "x + 2"))["test_double_of_any_number"]
    assert "example" not in record["message"]


def test_an_exception_of_the_learners_shows_the_learners_line(run):
    text = "def double(x):\n    y = x.nothing\n    return y\n"
    message = run(GOOD + text)["test_double_of_three"]["message"]
    assert "raised AttributeError" in message
    assert "in double: y = x.nothing" in message


@pytest.mark.parametrize("judged", [True, False])
def test_a_missing_exercise_fails(run, judged):
    found = run(GOOD.replace("def double", "def twice"), judged=judged)
    assert found["test_double_of_three"]["verdict"] == "FAILED"
    assert found["test_quadruple_of_three"]["verdict"] == "PASSED"


@pytest.mark.parametrize("judged", [True, False])
def test_a_stub_is_failed_and_what_needs_it_is_skipped(run, judged):
    text = (
        "def double(x):\n    raise NotImplementedError('ch01_demo.double')\n"
        "def quadruple(x):\n    return double(double(x))\n"
    )
    found = run(text, judged=judged)
    assert found["test_double_of_three"]["verdict"] == "FAILED"
    assert found["test_double_of_three"]["message"] == "not written yet: ch01_demo.double"
    assert found["test_quadruple_of_three"]["verdict"] == "SKIPPED"
    assert "ch01_demo.double" in found["test_quadruple_of_three"]["message"]


@pytest.mark.parametrize("judged", [True, False])
def test_a_stub_of_another_chapter_is_named_to_who_may_see_it(run, judged):
    found = run(
        "def double(x):\n    raise NotImplementedError('ch00_before.Part.run')\n", judged=judged
    )
    seen, unseen = found["test_double_of_three"], found["test_double_of_any_number"]
    assert seen["verdict"] == "SKIPPED"
    assert seen["message"] == "needs ch00_before.Part, which is not written yet"
    assert (unseen["verdict"], unseen["message"]) == ("FAILED", "raised an exception")


@pytest.mark.parametrize("text", ["ch01_demo.x{x}", "ch01_demo.double.x{x}", "a.b.x{x}"])
def test_a_name_in_place_of_a_stubs_carries_no_hidden_data(run, text):
    code = f"def double(x):\n    raise NotImplementedError(f'{text}'.replace('-', '_'))\n"
    record = run(code)["test_double_of_any_number"]
    assert record["verdict"] == "FAILED"
    assert record["message"] in ("raised an exception", "not written yet: ch01_demo.double")


@pytest.mark.parametrize("judged", [True, False])
def test_a_forbidden_operator_fails_with_the_rule(run, judged):
    text = GOOD + "def gelu(x):\n    return torch.nn.functional.gelu(x)\n"
    found = run(text, judged=judged)
    record = found["test_gelu_is_written_from_scratch"]
    assert record["verdict"] == "FAILED"
    assert "rule 'gelu': write gelu yourself" in record["message"]
    if judged:  # closed in every test of the exercise, not only where a test looks
        assert found["test_gelu_of_large_numbers"]["verdict"] == "FAILED"


HOSTILE = {
    "exit_at_import": "import os; os._exit(0)",
    "sys_exit_at_import": "import sys; sys.exit(0)",
    "raise_system_exit": "raise SystemExit",
    "segfault": "import ctypes; ctypes.string_at(0)",
    "syntax_error": "def double(x:\n",
    "endless_print": "while True: print('spam' * 1000)",
    "exit_in_call": "def double(x):\n    import os; os._exit(0)",
    "system_exit_in_call": "def double(x):\n    raise SystemExit(0)",
    "pytest_exit": "import pytest\ndef double(x):\n    pytest.exit('done', returncode=0)",
    "pytest_skip": "import pytest\npytest.skip('please', allow_module_level=True)",
    "hypothesis_reject": "from hypothesis import reject\ndef double(x):\n    reject()",
    "lying_equality": "class E:\n    def __eq__(self, o): return True\ndef double(x): return E()",
    "lying_int": "class I(int):\n    def __eq__(self, o): return True\ndef double(x): return I(1)",
    "nan": "def double(x): return float('nan')",
    "wrong_type": "def double(x): return str(2 * x)",
    "none": "def double(x): return None",
    "patches_torch": (
        "import torch\ntorch.allclose = torch.equal = lambda *a, **k: True\n"
        "torch.Tensor.__eq__ = lambda *a: True\ndef double(x): return x"
    ),
    "null_bytes": "def double(x): return 2 * x\n\0",
    "deep_nesting": "def double(x):\n    y = []\n    for _ in range(500): y = [y]\n    return y",
}


@pytest.mark.parametrize("name", sorted(HOSTILE))
def test_hostile_code_gets_a_clear_verdict_and_the_run_goes_on(run, name):
    found = run(HOSTILE[name])
    assert len(found) == 6, "every test has a verdict"
    for test in ("test_double_of_three", "test_double_of_any_number"):
        assert found[test]["verdict"] == "FAILED", found[test]
        assert found[test]["message"]
    assert set(verdicts(run(GOOD)).values()) == {"PASSED"}


def test_messages_are_bounded_and_hold_no_control_characters(run):
    text = "def double(x):\n    raise ValueError('\\x1b[2J\\x07' + 'x' * 10**6 + '\\u202e')\n"
    message = run(text)["test_double_of_three"]["message"]
    assert len(message) <= 4_000
    assert message.isascii() or all(c.isprintable() or c == "\n" for c in message)
    assert "\x1b" not in message
    assert "\u202e" not in message


def limit(root, **seconds):
    """Set limits in a course.toml."""
    path = root / "exercises" / "course.toml"
    lines = "".join(f"{name} = {value}\n" for name, value in seconds.items())
    text = path.read_text(encoding="utf-8").replace("[rules", f"[limits]\n{lines}\n[rules", 1)
    path.write_text(text, encoding="utf-8")
    return load_course(path)


def test_three_tests_out_of_time_end_the_chapter(demo, plan):
    """A patient attacker gets three deadlines, not one for each test."""
    course = limit(demo, call_seconds=1)
    (plan.subject / f"{CHAPTER}.py").write_text("while True: pass\n", encoding="utf-8")
    tests = grading.grade(replace(plan, root=demo, course=course)).tests
    assert {t.verdict for t in tests} == {"FAILED"}
    assert sum(t.seconds > 0.9 for t in tests) == 3
    assert sum(t.message.startswith("not run: 3 tests") for t in tests) == 3


def test_a_chapter_has_a_budget_as_a_whole(demo, plan):
    course = limit(demo, chapter_seconds=1)
    slow = "import time\ndef double(x):\n    time.sleep(1.1)\n    return x + x\n"
    (plan.subject / f"{CHAPTER}.py").write_text(GOOD + slow, encoding="utf-8")
    tests = grading.grade(replace(plan, root=demo, course=course)).tests
    assert sum("1 s are used up" in t.message for t in tests) == 5


# Reports


def test_the_report_of_a_right_answer(plan):
    report = grading.grade(plan)
    data = report.to_dict()
    jsonschema.validate(data, SCHEMA)
    assert (data["points"], data["max_points"]) == (8.0, 8)
    assert (report.exit_code, data["mode"], data["seed"]) == (0, "judged", 0)
    assert data["sandbox"]
    assert data["versions"]["torch"]
    tests = [t for e in data["chapters"][0]["exercises"] for t in e["tests"]]
    assert {t["kind"] for t in tests} == {"visible", "hidden"}
    assert all(t["sentence"] and t["seconds"] > 0 for t in tests)
    assert from_dict(json.loads(report.to_json())) == report


@pytest.mark.parametrize("text", [GOOD, GOOD.replace("x + x", "x + 2"), "import os; os._exit(0)"])
def test_every_report_holds_to_the_schema(plan, text):
    (plan.subject / f"{CHAPTER}.py").write_text(text, encoding="utf-8")
    jsonschema.validate(grading.grade(plan).to_dict(), SCHEMA)


def test_a_visible_test_carries_a_third_and_hidden_ones_the_rest(plan):
    wrong = "def double(x):\n    return x + x if not isinstance(x, int) else 0\n"
    (plan.subject / f"{CHAPTER}.py").write_text(GOOD + wrong, encoding="utf-8")
    report = grading.grade(plan)
    exercise = report.chapters[0].exercises[0]
    assert [t.verdict for t in exercise.tests] == ["PASSED", "FAILED"]
    assert exercise.exact_points == 1
    assert report.exit_code == 1
    assert report.to_dict()["points"] == 6.0


def unreadable(path):
    path.write_bytes(b"\xff\xfe\x00")


def make_folder(path):
    path.mkdir()


def make_link(path):
    path.symlink_to("/etc/passwd")


def make_fifo(path):
    os.mkfifo(path)


def make_huge(path):
    path.write_text("#" * 2_000_000, encoding="utf-8")


@pytest.mark.parametrize(
    ("make", "words", "handed_in"),
    [
        (None, "was not handed in", False),
        (make_folder, "is a folder, not a file", True),
        (make_link, "is a link, not a file", True),
        (make_fifo, "is a device or a pipe, not a file", True),
        (make_huge, "is larger than", True),
        (unreadable, "is not UTF-8 text", True),
    ],
)
def test_a_chapter_that_cannot_be_read_says_why(plan, make, words, handed_in):
    path = plan.subject / f"{CHAPTER}.py"
    path.unlink()
    if make:
        make(path)
    report = grading.grade(plan)
    assert report.exit_code == 1
    assert report.to_dict()["points"] == 0
    assert report.chapters[0].handed_in is handed_in
    assert {t.verdict for t in report.tests} == {"FAILED"}
    assert all(words in t.message for t in report.tests)
    jsonschema.validate(report.to_dict(), SCHEMA)


def test_a_byte_order_mark_is_no_fault(plan):
    (plan.subject / f"{CHAPTER}.py").write_text(GOOD, encoding="utf-8-sig")
    assert grading.grade(plan).exit_code == 0


def test_a_subject_that_is_no_folder_is_bad_usage(plan, tmp_path):
    from grader.errors import UsageError

    with pytest.raises(UsageError, match="is not a folder"):
        grading.grade(replace(plan, subject=tmp_path / "nowhere"))


def test_seeds_change_what_is_drawn_and_stand_in_the_report(plan):
    memorised = GOOD + "seen = {3: 6}\ndef double(x):\n    return x + x\n"
    (plan.subject / f"{CHAPTER}.py").write_text(memorised, encoding="utf-8")
    for seed in (1, 2):
        report = grading.grade(replace(plan, seed=seed))
        assert (report.exit_code, report.seed) == (0, seed)


def test_a_suite_that_cannot_be_collected_is_unjudged(demo, demo_course, plan):
    suite = demo / "tests" / CHAPTER / "test_hidden.py"
    suite.write_text("import nowhere_at_all\n", encoding="utf-8")
    with pytest.raises(UnjudgedError, match="nowhere_at_all"):
        grading.grade(replace(plan, root=demo))


def test_a_check_without_torch_says_what_is_missing(plan, tmp_path, monkeypatch):
    """In one sentence, by the tests' own process; nothing is judged."""
    without = tmp_path / "without"
    without.mkdir()
    (without / "torch.py").write_text("raise ImportError('no torch here')", encoding="utf-8")
    start = subprocess.Popen

    def starts(command, **settings):
        run = f"import sys, pytest; sys.path.insert(0, {str(without)!r}); sys.exit(pytest.main())"
        return start([sys.executable, "-I", "-c", run, *command[4:]], **settings)

    monkeypatch.setattr(subprocess, "Popen", starts)
    with pytest.raises(UnjudgedError) as caught:
        grading.check_here(plan)
    assert str(caught.value) == (
        "the suite cannot be run: torch cannot be imported (no torch here); "
        "set the course up as README.md says"
    )


def test_a_module_to_preload_that_is_not_there_is_named_in_one_sentence(demo, plan):
    course = demo / "exercises" / "course.toml"
    text = course.read_text(encoding="utf-8")
    name = f'name = "{CHAPTER}"\n'
    course.write_text(text.replace(name, f'{name}preload = ["nowhere_at_all"]\n'), encoding="utf-8")
    with pytest.raises(UnjudgedError, match=r"^the judge has ended .*nowhere_at_all'$"):
        grading.grade(replace(plan, root=demo))


@pytest.mark.skipif(sys.platform != "linux", reason="finds it in /proc")
def test_a_nursery_that_ends_before_it_is_needed_is_named_in_one_sentence(demo, plan):
    suite = demo / "tests" / CHAPTER / "test_hidden.py"
    kill = (
        "import os, signal\n"
        "for child in open('/proc/thread-self/children').read().split():\n"
        "    os.kill(int(child), signal.SIGKILL)\n"
        "    os.waitid(os.P_PID, int(child), os.WEXITED | os.WNOWAIT)\n"
    )
    suite.write_text(kill + suite.read_text(encoding="utf-8"), encoding="utf-8")
    with pytest.raises(UnjudgedError, match=r"^the nursery has ended: it said nothing$"):
        grading.grade(replace(plan, root=demo))


def test_a_nursery_that_cannot_settle_in_says_why(plan, monkeypatch):
    plain = ancestor.command
    broken = (
        "from grader.seam import ancestor, sandbox\n"
        "def granted(): raise OSError(28, 'No space left on device')\n"
        "sandbox.granted = granted\n"
        "ancestor.main()\n"
    )

    def command(*arguments):
        found = plain(*arguments)
        at = found.index("-m")
        return [*found[:at], "-c", broken, *found[at + 2 :]]

    monkeypatch.setattr(ancestor, "command", command)
    with pytest.raises(UnjudgedError, match=r"^the nursery has ended: OSError: .*No space left"):
        grading.grade(plan)


def test_a_system_without_fork_is_told_so_in_one_sentence(demo_root, monkeypatch):
    monkeypatch.delattr(os, "fork")
    with pytest.raises(UnjudgedError, match="judged mode needs a system with fork"):
        Judge(demo_root, [CHAPTER], seed=0)


def test_a_skip_in_a_suite_is_unjudged_and_gives_no_score(demo, plan):
    suite = demo / "tests" / CHAPTER / "test_hidden.py"
    text = suite.read_text(encoding="utf-8").replace(
        "    secret = 2 * x\n", '    pytest.skip("not today")\n    secret = 2 * x\n'
    )
    suite.write_text(text, encoding="utf-8")
    report = grading.grade(replace(plan, root=demo))
    assert report.exit_code == 3
    assert report.to_dict()["points"] is None
    jsonschema.validate(report.to_dict(), SCHEMA)


def test_a_property_that_ran_too_few_examples_is_unjudged(demo, plan):
    suite = demo / "tests" / CHAPTER / "test_hidden.py"
    text = suite.read_text(encoding="utf-8").replace(
        "st.integers(-1000, 1000)", "st.integers(1, 2)"
    )
    suite.write_text(text, encoding="utf-8")
    report = grading.grade(replace(plan, root=demo))
    assert report.exit_code == 3


def test_a_test_without_sentence_or_exercise_is_refused(demo, plan):
    suite = demo / "tests" / CHAPTER / "test_hidden.py"
    text = suite.read_text(encoding="utf-8")
    suite.write_text(text.replace('    """double(x) is 2 x for any number."""\n', ""), "utf-8")
    with pytest.raises(UnjudgedError, match="no docstring"):
        grading.grade(replace(plan, root=demo))
    suite.write_text(text.replace('@pytest.mark.exercise("double")\n', ""), "utf-8")
    with pytest.raises(UnjudgedError, match="no marker"):
        grading.grade(replace(plan, root=demo))


# Here mode


def test_check_here_runs_the_visible_suite(plan):
    report = grading.check_here(plan)
    assert (report.exit_code, report.mode) == (0, "here")
    assert len(report.tests) == 3


@pytest.mark.parametrize(
    "text", ["import os; os._exit(0)\n", "import ctypes; ctypes.string_at(0)\n"]
)
def test_check_here_survives_what_ends_the_process(plan, text):
    (plan.subject / f"{CHAPTER}.py").write_text(text, encoding="utf-8")
    report = grading.check_here(replace(plan, exercise="double"))
    assert [t.verdict for t in report.tests] == ["FAILED"]
    assert "the process ended during the test" in report.tests[0].message


def test_check_here_goes_on_after_a_process_that_ended(plan):
    text = GOOD + "def double(x):\n    import os; os._exit(0)\n"
    (plan.subject / f"{CHAPTER}.py").write_text(text, encoding="utf-8")
    report = grading.check_here(plan)
    assert [t.verdict for t in report.tests] == ["FAILED", "PASSED", "PASSED"]


def test_check_here_stops_a_hang_where_no_terminal_is(demo, plan, monkeypatch, tmp_path):
    monkeypatch.setattr(grading, "IMPORT_SECONDS", 8.0)
    (tmp_path / "temporary").mkdir()
    monkeypatch.setattr("tempfile.tempdir", str(tmp_path / "temporary"))
    monkeypatch.setenv("TMPDIR", str(tmp_path / "temporary"))
    plan = replace(plan, root=demo, course=limit(demo, test_seconds=1))
    text = GOOD + "def double(x):\n    while True: pass\n"
    (plan.subject / f"{CHAPTER}.py").write_text(text, encoding="utf-8")
    report = grading.check_here(replace(plan, exercise="double"))
    assert "did not end within" in report.tests[0].message
    assert list((tmp_path / "temporary").iterdir()) == [], "it left a folder behind"


# Points


def exercise(visible, hidden, points=3):
    def made(verdict, is_visible):
        return TestReport("test_visible.py::test_x", is_visible, verdict, "s", "", 0.1)

    tests = [made(v, True) for v in visible] + [made(v, False) for v in hidden]
    return ExerciseReport("x", points, tuple(tests))


@pytest.mark.parametrize(
    ("visible", "hidden", "points"),
    [
        (["PASSED"], ["PASSED", "PASSED"], 3),
        (["PASSED"], ["FAILED", "FAILED"], 1),
        (["FAILED"], ["PASSED", "PASSED"], 2),
        (["PASSED", "FAILED"], ["PASSED", "SKIPPED"], Fraction(3, 2)),
        (["PASSED"], ["UNJUDGED"], None),
        ([], [], None),
    ],
)
def test_points_of_an_exercise(visible, hidden, points):
    assert exercise(visible, hidden).exact_points == points


def test_one_unjudged_test_leaves_no_score_anywhere():
    chapter = ChapterReport(
        "ch01", "t", True, (exercise(["PASSED"], []), exercise(["UNJUDGED"], []))
    )
    report = Report("s", "judged", 0, (chapter,))
    assert report.exact_points is None
    assert report.exit_code == 3
    assert report.max_points == 6


def test_sums_are_exact_before_they_are_rounded():
    thirds = tuple(exercise(["PASSED"], ["FAILED"], points=1) for _ in range(3))
    chapter = ChapterReport("ch01", "t", True, thirds)
    assert rounded(chapter.exact_points) == 1.0


def test_nothing_run_is_unjudged():
    assert worst([]) == "UNJUDGED"
    assert Report("s", "judged", 0, ()).exit_code == 3
