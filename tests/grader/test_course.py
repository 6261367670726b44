"""course.toml: what is read, and that an error names the key."""

import pytest

from grader.course import Limits, load_course
from grader.errors import UsageError

GOOD = """
schema = 1
title = "Demo"
[limits]
call_seconds = 5
[rules.soft]
says = "write it"
operators = ["softmax"]
[[chapters]]
name = "ch01_one"
title = "One"
sections = "1"
rules = ["soft"]
[[chapters.exercises]]
name = "first"
points = 2
[[chapters.exercises]]
name = "second"
points = 3
needs = ["first"]
hints = ["think"]
[[chapters]]
name = "ch02_two"
title = "Two"
sections = "2"
[[chapters.exercises]]
name = "third"
points = 1
"""


@pytest.fixture
def load(tmp_path):
    def loader(text):
        path = tmp_path / "course.toml"
        path.write_text(text, encoding="utf-8")
        return load_course(path)

    return loader


def test_a_course_is_read_whole(load):
    course = load(GOOD)
    assert [c.name for c in course.chapters] == ["ch01_one", "ch02_two"]
    first, second = course.chapters[0].exercises
    assert (first.id, first.points, second.needs, second.hints) == (
        "ch01_one.first",
        2,
        ("first",),
        ("think",),
    )
    assert first.rules[0].operators == ("softmax",)
    assert course.chapters[1].exercises[0].rules == ()
    assert course.limits == Limits(call_seconds=5)
    assert [c.name for c in course.before("ch02_two")] == ["ch01_one"]


def test_targets_are_found_by_their_shortest_clear_name(load):
    course = load(GOOD)
    assert course.find("ch01")[0].name == "ch01_one"
    assert course.find("ch01.second")[1].name == "second"
    assert course.find("third")[1].id == "ch02_two.third"
    for wrong in ("ch", "ch03", "ch01.third", "nothing", ""):
        with pytest.raises(UsageError):
            course.find(wrong)


@pytest.mark.parametrize(
    ("old", "new", "words"),
    [
        ("schema = 1", "schema = 9", "schema is 9"),
        ("schema = 1", "", "schema must be a int, and is missing"),
        ('title = "One"', "title = 3", "ch01_one: title must be a str, and is 3"),
        ("points = 2", "points = 9", "ch01_one.first.points is 9"),
        ("points = 2", "points = true", "points must be a int"),
        ('rules = ["soft"]', 'rules = ["hard"]', "names 'hard', no such rule"),
        ('needs = ["first"]', 'needs = ["third"]', "needs 'third', not taught before it"),
        ('needs = ["first"]', 'needs = "first"', "needs must be a list of strings"),
        ('name = "second"', 'name = "first"', "stands there twice"),
        ('name = "ch02_two"', 'name = "ch01_one"', "stands there twice"),
        ("call_seconds = 5", "cal_seconds = 5", "has no 'cal_seconds'"),
        ("[rules.soft]", "[rules.soft", "not valid TOML"),
    ],
)
def test_an_error_names_the_key(load, old, new, words):
    with pytest.raises(UsageError, match=words):
        load(GOOD.replace(old, new, 1))


def test_a_missing_file_is_one_sentence(tmp_path):
    with pytest.raises(UsageError, match="cannot be read"):
        load_course(tmp_path / "course.toml")
