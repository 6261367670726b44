"""A class is graded by one judge: nothing lost, nothing twice, and one bad one stops nobody."""

import os
import signal
import sqlite3
import subprocess
import sys
import time
from dataclasses import replace

import pytest

from grader import batch as batches
from grader import grading
from grader.batch import Batch, batch, in_shard, parse_shard, suite_digest
from grader.course import load_course
from grader.errors import UnjudgedError, UsageError
from grader.judge import Test
from grader.store import Store, merge

CHAPTER = "ch01_demo"
GOOD = (
    "import torch\n"
    "def double(x):\n    return x + x\n"
    "def quadruple(x):\n    return 4 * x\n"
    "def gelu(x):\n    return 0.5 * x * (1 + torch.erf(x / 2**0.5))\n"
)
WRONG = GOOD.replace("x + x", "x + 2")


def hand_in(folder, **texts):
    for name, text in texts.items():
        path = folder / name / f"{CHAPTER}.py"
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text, encoding="utf-8")
    return folder


@pytest.fixture
def order(demo, tmp_path):
    course = load_course(demo / "exercises" / "course.toml")
    folder = tmp_path / "submissions"
    folder.mkdir()
    return Batch(demo, course, folder, course.chapters)


@pytest.fixture
def store(tmp_path):
    with Store(tmp_path / "results.sqlite", create=True) as made:
        yield made


TESTS = [
    Test(f"test_{kind}.py::test_{name}", CHAPTER, name, kind == "visible", f"{name} works.")
    for name in ("double", "quadruple", "gelu")
    for kind in ("visible", "hidden")
]


class FakeJudge:
    """Gives verdicts without running anything: a text is what becomes of it."""

    starts = 0
    graded = ()

    def __init__(self, root, chapters, seed):
        type(self).starts += 1

    def __enter__(self):
        self.tests = list(TESTS)
        return self

    def __exit__(self, *_):
        pass

    def run(self, jobs, at_once):
        for job in jobs:
            text = (job.subject / f"{CHAPTER}.py").read_text(encoding="utf-8")
            self.graded.append(text)
            tries = self.graded.count(text)
            if text == "judge dies" or (text == "judge dies once" and tries == 1):
                raise UnjudgedError("the judge has ended (-9): it said nothing")
            if text == "fork dies" or (text == "fork dies once" and tries == 1):
                yield job, {"done": "the judge's fork ended (-9)"}
                continue
            for test in [] if text == "nothing runs" else self.tests:
                verdict = "FAILED" if text == "wrong" else "PASSED"
                yield job, {**vars(test), "verdict": verdict, "message": "", "seconds": 0.1}
            yield job, {"done": ""}


@pytest.fixture
def fake(monkeypatch):
    monkeypatch.setattr(batches, "Judge", FakeJudge)
    monkeypatch.setattr(FakeJudge, "starts", 0)
    monkeypatch.setattr(FakeJudge, "graded", [])
    return FakeJudge


def points(store):
    return {
        r.subject: None if r.exact_points is None else float(r.exact_points)
        for r in store.reports()
    }


def counts(tally):
    return tally.graded, tally.unchanged, len(tally.unjudged)


# What is graded again


def test_only_what_changed_is_graded_again(order, store, fake):
    hand_in(order.submissions, a="1", b="2", c="wrong")
    assert counts(batch(order, store)) == (3, 0, 0)
    assert points(store) == {"a": 8, "b": 8, "c": 0}
    assert counts(batch(order, store)) == (0, 3, 0)
    assert fake.starts == 1, "nothing to do starts no judge"
    hand_in(order.submissions, b="wrong", d="4")
    assert counts(batch(order, store)) == (1, 3, 0)
    assert points(store) == {"a": 8, "b": 0, "c": 0, "d": 8}
    assert fake.graded == ["1", "2", "wrong", "4"], "b's new text is c's"
    assert counts(batch(replace(order, force=True), store)) == (3, 1, 0)
    assert counts(batch(replace(order, seed=1), store)) == (3, 1, 0)
    assert {r.seed for r in store.reports()} == {1}


@pytest.mark.parametrize(
    ("path", "again"),
    [
        ("tests/ch01_demo/test_hidden.py", True),
        ("tests/ch01_demo/test_visible.py", True),
        ("solutions/ch01_demo.py", True),
        ("exercises/data/new.txt", True),
        ("tests/ch01_demo/wrong/new.py", False),
        ("tests/ch01_demo/equivalent.toml", False),
    ],
)
def test_a_changed_suite_is_graded_again_and_nothing_else_is(order, store, fake, path, again):
    hand_in(order.submissions, a="1")
    batch(order, store)
    changed = order.root / path
    changed.parent.mkdir(parents=True, exist_ok=True)
    with changed.open("a", encoding="utf-8") as file:
        file.write("\n# changed\n")
    assert counts(batch(order, store)) == ((1, 0, 0) if again else (0, 1, 0))


def test_points_and_limits_are_part_of_a_suite_and_hints_are_not(order):
    chapter = order.chapters[0]

    def digest(**changes):
        first = replace(chapter.exercises[0], **changes)
        changed = replace(chapter, exercises=(first, *chapter.exercises[1:]))
        return suite_digest(order.root, order.course, changed)

    assert digest() == digest(hints=("another",))
    assert digest() != digest(points=1)


def test_another_version_of_the_grader_grades_again(order, store, fake, monkeypatch):
    hand_in(order.submissions, a="1")
    batch(order, store)
    monkeypatch.setattr(batches, "__version__", "9.9")
    assert counts(batch(order, store)) == (1, 0, 0)


def test_only_names_one_and_its_absence_is_bad_usage(order, store, fake):
    hand_in(order.submissions, a="1", b="2")
    assert batch(replace(order, only=("b",)), store).submissions == 1
    assert fake.graded == ["2"]
    with pytest.raises(UsageError, match="no submission 'z'"):
        batch(replace(order, only=("z",)), store)


def test_a_submission_that_is_gone_keeps_its_row(order, store, fake):
    hand_in(order.submissions, a="1", b="2")
    batch(order, store)
    (order.submissions / "a" / f"{CHAPTER}.py").unlink()
    (order.submissions / "a").rmdir()
    assert batch(order, store).gone == 1
    assert points(store) == {"a": 8, "b": 8}


# Trouble


def test_a_lost_fork_is_tried_again_and_then_unjudged_without_a_score(order, store, fake):
    hand_in(order.submissions, a="fork dies", b="fork dies once", c="1")
    tally = batch(order, store)
    assert tally.unjudged == {"a, ch01_demo": "the judge's fork ended (-9)"}
    assert points(store) == {"a": None, "b": 8, "c": 8}
    fake.graded.clear()
    assert counts(batch(order, store)) == (1, 2, 1), "the next command tries again"


def test_a_judge_that_dies_is_started_again_and_the_rest_is_graded(order, store, fake):
    hand_in(order.submissions, a="1", b="judge dies", c="judge dies once", d="2")
    assert counts(batch(order, store)) == (4, 0, 1)
    assert points(store) == {"a": 8, "b": None, "c": 8, "d": 8}


def test_a_judge_that_cannot_start_is_one_sentence_and_no_row(order, store, fake, monkeypatch):
    def refuse(self):
        raise UnjudgedError("the judge has ended (2)")

    monkeypatch.setattr(FakeJudge, "__enter__", refuse)
    hand_in(order.submissions, a="1")
    with pytest.raises(UnjudgedError):
        batch(order, store)
    assert store.chapters() == []


def test_zero_tests_run_is_unjudged_and_has_no_score(order, store, fake):
    hand_in(order.submissions, a="nothing runs")
    assert len(batch(order, store).unjudged) == 1
    (report,) = store.reports()
    assert report.exact_points is None
    assert {t.message for t in report.tests} == {"the test did not run"}
    assert len(report.tests) == len(TESTS)


def test_what_was_not_handed_in_is_said_and_scores_zero(order, store, fake):
    hand_in(order.submissions, a="1")
    (order.submissions / "b").mkdir()
    (order.submissions / "c.zip").write_text("no archive", encoding="utf-8")
    assert batch(order, store).not_handed_in == 1
    a, b, c = store.reports()
    assert [r.chapters[0].handed_in for r in (a, b, c)] == [True, False, True]
    assert {t.message for t in b.tests} == {"ch01_demo.py was not handed in"}
    assert all("c.zip is damaged" in t.message for t in c.tests)
    assert len(a.tests) == len(b.tests) == len(c.tests) == len(TESTS)
    assert points(store) == {"a": 8, "b": 0, "c": 0}
    assert fake.graded == ["1"]


def test_what_is_not_graded_yet_is_there_without_a_score(order, store, fake):
    hand_in(order.submissions, a="1", b="2", c="3")

    def stop(done, total, what):
        if done == 2:
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        batch(order, store, stop)
    assert sum(v is None for v in points(store).values()) == 1
    (left,) = [r for r in store.reports() if r.exact_points is None]
    assert {t.message for t in left.tests} == {"not graded yet"}
    assert left.max_points == 8
    assert counts(batch(order, store)) == (1, 2, 0)


def test_progress_counts_what_is_to_be_done(order, store, fake):
    hand_in(order.submissions, a="1", b="2")
    seen = []
    batch(order, store, lambda done, total, what: seen.append((done, total)))
    assert seen == [(0, 2), (1, 2), (2, 2)]


def test_a_submission_that_changes_while_it_waits_is_kept_under_what_was_graded(order, store, fake):
    hand_in(order.submissions, a="1", b="2")

    def change(done, total, what):
        if done == 1:
            hand_in(order.submissions, b="wrong")

    batch(order, store, change)
    assert points(store) == {"a": 8, "b": 0}
    hand_in(order.submissions, b="2")
    assert counts(batch(order, store)) == (1, 1, 0)


@pytest.mark.parametrize("name", ["two\nlines", "\x1b[2J\u202e", "=1+1", "a\udcff", "-rf", "'"])
def test_hostile_names_are_stored_as_they_are(order, store, fake, name):
    hand_in(order.submissions, **{name: "1"})
    batch(order, store)
    assert [r.subject for r in store.reports(only=[name])] == [name]
    assert counts(batch(order, store)) == (0, 1, 0)


# Shards


@pytest.mark.parametrize("text", ["0/2", "3/2", "1", "a/b", "1/", "-1/2", "1/2/3"])
def test_a_shard_that_is_none_is_bad_usage(text):
    with pytest.raises(UsageError, match="--shard"):
        parse_shard(text)


def test_every_submission_is_in_one_shard_and_stays_there():
    names = [f"learner{i}" for i in range(200)]
    parts = [[n for n in names if in_shard(n, (i, 4))] for i in (1, 2, 3, 4)]
    assert sorted(n for part in parts for n in part) == sorted(names)
    assert all(len(part) > 25 for part in parts)


def test_shards_merge_into_what_one_run_gives(order, store, fake, tmp_path):
    hand_in(order.submissions, **{f"s{i}": str(i % 7) for i in range(20)}, x="wrong", y="fork dies")
    (order.submissions / "z").mkdir()
    batch(order, store)
    paths = [tmp_path / f"part{i}.sqlite" for i in (1, 2, 3)]
    for i, path in enumerate(paths, 1):
        with Store(path, create=True) as part:
            batch(replace(order, shard=(i, 3)), part)
    assert merge(paths, tmp_path / "all.sqlite") == 23
    assert merge(paths, tmp_path / "all.sqlite") == 23, "merging again changes nothing"
    with Store(tmp_path / "all.sqlite") as joined:
        assert list(joined.reports()) == list(store.reports())
        assert counts(batch(order, joined)) == (1, 22, 1)


def test_merging_prefers_a_verdict_to_none_whichever_is_newer(order, fake, tmp_path, monkeypatch):
    hand_in(order.submissions, a="fork dies once")
    with Store(tmp_path / "1.sqlite", create=True) as first:
        batch(order, first)
    hand_in(order.submissions, a="fork dies once")
    fake.graded.clear()
    with Store(tmp_path / "2.sqlite", create=True) as second:
        monkeypatch.setattr(batches, "MAX_TRIES", 1)
        batch(order, second)
        assert points(second) == {"a": None}
    for paths in (("1", "2"), ("2", "1")):
        into = tmp_path / f"{''.join(paths)}.sqlite"
        merge([tmp_path / f"{p}.sqlite" for p in paths], into)
        with Store(into) as joined:
            assert points(joined) == {"a": 8}


# The file


def test_a_file_of_something_else_is_refused_and_left_alone(tmp_path):
    text = tmp_path / "text.sqlite"
    text.write_text("not a database, and longer than a header of one\n" * 5, encoding="utf-8")
    with pytest.raises(UsageError, match="cannot be read as a file of results"):
        Store(text, create=True)
    other = tmp_path / "other.sqlite"
    with sqlite3.connect(other) as base:
        base.execute("CREATE TABLE gradebook (x)")
    with pytest.raises(UsageError, match="a database of something else"):
        Store(other, create=True)
    with pytest.raises(UsageError, match="is not there"):
        Store(tmp_path / "none.sqlite")
    newer = tmp_path / "newer.sqlite"
    with Store(newer, create=True) as made:
        made._base.execute("PRAGMA user_version = 99")
    with pytest.raises(UsageError, match="schema is 99"):
        Store(newer)


def test_the_file_is_in_wal_mode_and_a_reader_waits_for_nobody(order, store, fake):
    hand_in(order.submissions, a="1")
    (mode,) = store._base.execute("PRAGMA journal_mode").fetchone()
    assert mode == "wal"
    batch(order, store)
    with store.together(), Store(store.path) as reader:
        assert len(list(reader.reports())) == 1


def test_an_old_suite_is_counted_as_stale(order, store, fake):
    hand_in(order.submissions, a="1", b="2")
    batch(order, store)
    assert store.stale() == 0
    (order.root / "solutions" / f"{CHAPTER}.py").write_text("# changed\n", encoding="utf-8")
    batch(replace(order, only=("a",)), store)
    assert store.stale() == 1


# For real


EXIT = "import os; os._exit(0)"


@pytest.fixture
def submissions(order):
    texts = {
        "right": GOOD,
        "wrong": WRONG,
        "exits": EXIT,
    }
    return hand_in(order.submissions, **texts)


def test_a_class_is_graded_by_one_judge_and_equals_grading_each(order, submissions, store):
    tally = batch(order, store)
    assert counts(tally) == (3, 0, 0)
    assert points(store) == {"right": 8, "wrong": 5, "exits": 0}
    (report,) = store.reports(only=["wrong"])
    alone = grading.grade(
        grading.Plan(order.root, order.course, submissions / "wrong", order.chapters)
    )

    def bare(chapters):
        return [
            (t.id, t.verdict, t.message) for c in chapters for e in c.exercises for t in e.tests
        ]

    assert bare(report.chapters) == bare(alone.chapters)
    assert (report.subject, report.seed, report.sandbox) == ("wrong", 0, alone.sandbox)


def test_a_killed_batch_goes_on_where_it_was(order, tmp_path):
    texts = {f"s{i:02}": GOOD + f"# {i}\n" for i in range(10)}
    hand_in(order.submissions, **texts)
    path = tmp_path / "r.sqlite"
    command = [sys.executable, "-m", "grader", "batch", str(order.submissions), "--results", path]

    def rows():
        if not path.exists():
            return {}
        with sqlite3.connect(path, timeout=60) as base:
            if not base.execute("SELECT count(*) FROM sqlite_master").fetchone()[0]:
                return {}
            return dict(base.execute("SELECT submission, graded FROM results"))

    process = subprocess.Popen(command, cwd=order.root, stdout=subprocess.DEVNULL)
    until = time.monotonic() + 60
    while len(rows()) < 2 and time.monotonic() < until:
        time.sleep(0.05)
    os.kill(process.pid, signal.SIGKILL)
    process.wait()
    before = rows()
    assert 2 <= len(before) < 10
    done = subprocess.run(
        command, cwd=order.root, capture_output=True, text=True, check=False, timeout=120
    )
    assert (done.returncode, done.stderr) == (0, ""), "quiet in a pipe"
    assert f"{len(before)} had a result already" in done.stdout
    after = rows()
    assert len(after) == 10
    assert all(after[key] == graded for key, graded in before.items()), "nothing is graded twice"


def test_the_command_says_what_it_did_in_plain_words(order, tmp_path):
    hand_in(order.submissions, **{"evil\x1b[2J\nname": "def double(x", "b": GOOD})
    (order.submissions / "notes\u202e.txt").write_text("", encoding="utf-8")

    def kata(*args):
        command = [sys.executable, "-m", "grader", *map(str, args)]
        return subprocess.run(
            command, cwd=order.root, capture_output=True, text=True, check=False, timeout=120
        )

    done = kata("batch", order.submissions, "--shard", "1/1", "--chapter", "ch01", "--jobs", "1")
    assert done.returncode == 0
    assert "2 submissions, 1 chapter each: 2 graded" in done.stdout
    assert "1 file is no submission: notes\\u202e.txt" in done.stderr
    assert "\x1b" not in done.stdout + done.stderr
    assert (order.root / "results.sqlite").exists()
    merged = kata("merge", "results.sqlite", "--results", "all.sqlite")
    assert (merged.returncode, merged.stdout) == (0, "all.sqlite: 2 submissions\n")
    for args, words in {
        ("batch", "nowhere"): "is not a folder",
        ("batch", order.submissions, "--shard", "0/2"): "--shard is '0/2'",
        ("batch", order.submissions, "--only", "z"): "holds no submission 'z'",
        ("batch", order.submissions, "--seed", "-1"): "--seed is -1",
        ("merge", "none.sqlite"): "none.sqlite is not there",
    }.items():
        refused = kata(*args)
        assert refused.returncode == 2
        assert words in refused.stderr
        assert "Traceback" not in refused.stderr
