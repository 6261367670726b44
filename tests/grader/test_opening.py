"""Opening a subject for one test after the other: workers that are started ahead."""

import os
from pathlib import Path

import pytest

from grader.course import load_course
from grader.errors import SubjectBroken, SubjectMissing
from grader.opening import Opening
from grader.seam import worker
from grader.subject import Source, load_package

TWO = """
schema = 1
title = "Two chapters"
"""
for name in ("ch01_first", "ch02_second"):
    TWO += f"""
[[chapters]]
name = "{name}"
title = "{name}"
sections = "1"

[[chapters.exercises]]
name = "{name[5:]}"
points = 1
"""


@pytest.fixture
def opening(tmp_path, nursery):
    """Opens subjects of a course of two chapters; writes them first."""
    (tmp_path / "course.toml").write_text(TWO, encoding="utf-8")
    course = load_course(tmp_path / "course.toml")
    for folder in ("subject", "reference"):
        (tmp_path / folder).mkdir()
    (tmp_path / "reference" / "ch01_first.py").write_text("def first():\n    return 1\n")
    made = []

    def opener(text, *, judged=True, own=False, first=None):
        if text is not None:
            (tmp_path / "subject" / "ch02_second.py").write_text(text)
        if first is not None:
            (tmp_path / "subject" / "ch01_first.py").write_text(first)
        given = (lambda: nursery) if judged else None
        folders = (tmp_path / "subject", tmp_path / "reference")
        made.append(Opening(course, *folders, own=own, nursery=given))
        return made[-1], course.chapter("ch02_second").exercise("second")

    yield opener
    for one in made:
        one.close()


PLACE = "import os\n\ndef second():\n    return os.getpid(), os.getcwd()\n"


def test_the_worker_that_was_started_ahead_serves_the_test(opening):
    """What comes next finds its worker; it is another process than the one before."""
    one, exercise = opening(PLACE)
    with one.opened(exercise, 1) as (chapter, _):
        first = chapter.second()
        one.ahead(exercise, 2)
        ahead = one._ahead.worker
        assert chapter.second() == first
    with one.opened(exercise, 2) as (chapter, probe):
        assert chapter._worker is ahead
        second = chapter.second()
        assert probe.random_state() is not None
    assert first[0] != second[0]
    assert first[1] != second[1]
    assert not Path(second[1]).exists(), "its folder is gone"


@pytest.mark.parametrize("own", [False, True])
def test_the_judge_compiles_the_reference_and_nothing_of_a_subject(opening, monkeypatch, own):
    """What the compiler makes of a subject, or a subject of the compiler, is the worker's."""
    asked = []
    compiles = worker.code_bytes
    monkeypatch.setattr(
        worker, "code_bytes", lambda *text: asked.append(text[0]) or compiles(*text)
    )
    text = "from .ch01_first import first\n\ndef second():\n    return first() + 1\n"
    one, exercise = opening(text, own=own, first="def first():\n    return 1\n")
    for seed in (1, 2):
        with one.opened(exercise, seed) as (chapter, _):
            assert chapter.second() == 2
    assert asked == ([] if own else ["ch01_first"])


@pytest.fixture
def scratch(tmp_path, monkeypatch):
    """Where temporary folders are made."""
    folder = tmp_path / "scratch"
    folder.mkdir()
    monkeypatch.setattr("tempfile.tempdir", str(folder))
    return folder


def test_a_worker_for_another_test_is_ended(opening, scratch):
    """If something else comes next, the worker ahead and its folder are gone."""
    one, exercise = opening(PLACE)
    one.ahead(exercise, 1)
    (before,) = os.listdir(scratch)
    with one.opened(exercise, 2) as (chapter, _):
        assert os.listdir(scratch) == [Path(chapter.second()[1]).name] != [before]
    assert os.listdir(scratch) == []


def test_closing_ends_what_no_test_came_for(opening, scratch):
    """Nothing is left in the temporary folder."""
    one, exercise = opening(PLACE)
    one.ahead(exercise, 1)
    assert len(os.listdir(scratch)) == 1
    one.close()
    assert os.listdir(scratch) == []
    one.close()


@pytest.mark.parametrize(
    ("text", "error", "words"),
    [
        ("raise ValueError('no')", SubjectBroken, "raised ValueError: no"),
        ("import os\nos._exit(0)", SubjectBroken, "exit code 0"),
        (None, SubjectMissing, "was not handed in"),
    ],
)
def test_what_is_wrong_is_said_to_the_test_that_comes_next(opening, text, error, words):
    """Starting ahead raises nothing in the test before."""
    one, exercise = opening(text)
    one.ahead(exercise, 1)
    with pytest.raises(error, match=words), one.opened(exercise, 1):
        pass


def test_after_three_tests_a_chapter_that_does_not_load_is_left_alone(opening, scratch):
    """One load between them counts: only what fails in a row is taken to fail always."""
    one, exercise = opening("import torch\nif torch.initial_seed() < 5: raise ValueError('no')\n")

    def loads(seed):
        try:
            with one.opened(exercise, seed):
                return "yes"
        except SubjectBroken as error:
            return str(error)

    for seed in (1, 2, 9, 3, 4):
        assert loads(seed) == "yes" if seed > 5 else "raised ValueError: no" in loads(seed)
    assert "not run" not in loads(1)
    one.ahead(exercise, 9)
    assert "raised ValueError: no" in loads(9)
    assert loads(9).endswith("(3 tests found that; this was not run)")
    assert os.listdir(scratch) == []


@pytest.mark.parametrize("judged", [True, False])
def test_an_earlier_chapter_runs_when_it_is_imported(opening, judged):
    """A broken chapter that nothing imports costs nothing, also with --own."""
    one, exercise = opening("def second():\n    return 2\n", own=True, first="1 / 0", judged=judged)
    with one.opened(exercise, 1) as (chapter, _):
        assert chapter.second() == 2
    text = "from .ch01_first import first\n\ndef second():\n    return first() + 1\n"
    one, exercise = opening(text, own=False, judged=judged)
    with one.opened(exercise, 1) as (chapter, probe):
        assert chapter.second() == 2
        assert probe.earlier("ch01_first").first() == 1


def test_a_package_has_its_chapters_by_relative_import_only():
    """Chapters come from the sources given, and are forgotten with the next package."""
    first = Source("ch01_first", "def first():\n    return 1\n", "ch01_first.py")
    second = Source("ch02_second", "from .ch01_first import first\n", "ch02_second.py")
    assert load_package([first, second]).first() == 1
    with pytest.raises(ImportError, match="ch01_first"):
        load_package([second])
