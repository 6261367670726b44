"""One record, every gradebook: each format by its own rules, whatever a learner's code has said."""

import base64
import csv
import io
import json
import os
import re
import sqlite3
import subprocess
import sys
from dataclasses import replace
from fractions import Fraction
from pathlib import Path
from xml.etree import ElementTree as ET

import jsonschema
import pytest

from grader import exports
from grader.errors import UsageError
from grader.exports import export, github, gradescope, junit, table, worth
from grader.report import ChapterReport, ExerciseReport, Report, TestReport, from_dict
from grader.store import Key, Store

HOSTILE = (
    "\x1b[2J\x00\u202e]]><script>alert(1)</script>\n::error::forged\n##[error]forged\n"
    "```\n# heading\n%0A::set-output name=x::y\n" + "A" * 100_000
)
NAME = '=HYPERLINK("x")\n::error::<b>&|`'

# Gradescope's documented results.json, as a JSON Schema.
GRADESCOPE = {
    "type": "object",
    "additionalProperties": False,
    "required": ["score", "tests"],
    "properties": {
        "score": {"type": "number", "minimum": 0},
        "execution_time": {"type": "integer", "minimum": 0},
        "output": {"type": "string"},
        "output_format": {"$ref": "#/$defs/format"},
        "test_output_format": {"$ref": "#/$defs/format"},
        "test_name_format": {"$ref": "#/$defs/format"},
        "visibility": {"$ref": "#/$defs/visibility"},
        "stdout_visibility": {"$ref": "#/$defs/visibility"},
        "extra_data": {"type": "object"},
        "leaderboard": {"type": "array"},
        "tests": {
            "type": "array",
            "minItems": 1,
            "items": {
                "type": "object",
                "additionalProperties": False,
                "properties": {
                    "score": {"type": "number", "minimum": 0},
                    "max_score": {"type": "number", "minimum": 0},
                    "status": {"enum": ["passed", "failed"]},
                    "name": {"type": "string"},
                    "name_format": {"$ref": "#/$defs/format"},
                    "number": {"type": "string"},
                    "output": {"type": "string"},
                    "output_format": {"$ref": "#/$defs/format"},
                    "tags": {"type": "array", "items": {"type": "string"}},
                    "visibility": {"$ref": "#/$defs/visibility"},
                    "extra_data": {"type": "object"},
                },
            },
        },
    },
    "$defs": {
        "format": {"enum": ["text", "html", "simple_format", "md", "ansi"]},
        "visibility": {"enum": ["hidden", "after_due_date", "after_published", "visible"]},
    },
}
SCHEMA = json.loads(
    (Path(exports.__file__).parents[1] / "report.schema.json").read_text(encoding="utf-8")
)


def made(name="alice", verdicts="PFSP", message="wrong", handed_in=True):
    words = {"P": "PASSED", "F": "FAILED", "S": "SKIPPED", "U": "UNJUDGED"}

    def test(i, letter, visible):
        kind = "visible" if visible else "hidden"
        text = "" if letter == "P" else message
        ident = f"test_{kind}.py::test_{i}"
        return TestReport(ident, visible, words[letter], "It works, 100 %: a|b.", text, 0.25)

    found = [test(i, letter, i % 2 == 0) for i, letter in enumerate(verdicts)]
    first = ExerciseReport("first", 3, tuple(found))
    second = ExerciseReport("second", 2, (test(9, "P", False),))
    chapter = ChapterReport("ch01_demo", "Demo", handed_in, (first, second))
    return Report(name, "judged", 7, (chapter,), ("process",), {"grader": "0.1.0"})


GOOD, BAD, LOST = made(verdicts="PPPP"), made("bob"), made("carol", "PUPP")
EVIL = made(NAME, "FFFF", HOSTILE)


# Points


@pytest.mark.parametrize("report", [GOOD, BAD, EVIL, made(verdicts="FP"), made(verdicts="P")])
def test_points_of_tests_sum_to_the_exercises(report):
    for exercise in report.chapters[0].exercises:
        found = worth(exercise)
        assert sum(points for _, points, _ in found) == exercise.exact_points
        assert sum(most for _, _, most in found) == exercise.max_points


# JSON


def test_json_is_the_documented_report(tmp_path):
    export("json", [GOOD, BAD, LOST, EVIL], tmp_path / "out")
    for path in (tmp_path / "out").iterdir():
        jsonschema.validate(json.loads(path.read_text(encoding="utf-8")), SCHEMA_OF_ANY_LENGTH)
    assert from_dict(json.loads((tmp_path / "out" / "bob.json").read_text("utf-8"))) == BAD
    export("json", [GOOD, LOST], tmp_path / "all.jsonl")
    lines = (tmp_path / "all.jsonl").read_text(encoding="utf-8").splitlines()
    assert [json.loads(line)["points"] for line in lines] == [5.0, None]
    assert [from_dict(json.loads(line)) for line in lines] == [GOOD, LOST]
    export("json", [BAD], tmp_path / "one.json")
    assert from_dict(json.loads((tmp_path / "one.json").read_text("utf-8"))) == BAD


# The judge bounds a message before it is written; this one came from elsewhere.
SCHEMA_OF_ANY_LENGTH = json.loads(json.dumps(SCHEMA).replace("65536", "200000"))


def test_a_name_that_is_no_unicode_is_readable_by_other_parsers(tmp_path):
    export("json", [made("a\udcff")], tmp_path / "x.json")
    text = (tmp_path / "x.json").read_text(encoding="utf-8")
    assert json.loads(text)["subject"] == "a\\udcff"


# JUnit


def test_junit_is_what_its_readers_need():
    root = ET.fromstring(junit.render([GOOD, BAD, LOST]))
    assert root.tag == "testsuites"
    assert (root.get("tests"), root.get("failures"), root.get("errors")) == ("15", "2", "1")
    assert root.get("skipped") == "0", "a skipped test stays in the denominator"
    suites = root.findall("testsuite")
    assert [s.get("name") for s in suites] == [f"{n}: ch01_demo" for n in ("alice", "bob", "carol")]
    for suite in suites:
        cases = suite.findall("testcase")
        assert int(suite.get("tests")) == len(cases) == 5
        assert int(suite.get("failures")) == len(suite.findall("testcase/failure"))
        assert int(suite.get("errors")) == len(suite.findall("testcase/error"))
        assert float(suite.get("time")) == sum(float(c.get("time")) for c in cases)
        assert len({(c.get("classname"), c.get("name")) for c in cases}) == 5
        assert next(child.tag for child in suite) == "properties"
    facts = {p.get("name"): p.get("value") for p in suites[2].iter("property")}
    assert (facts["points"], facts["max_points"], facts["seed"]) == ("no score", "5", "7")
    failure = suites[1].find("testcase/failure")
    assert failure.get("type") == "FAILED"
    assert failure.get("message") == "It works, 100 %: a|b."
    assert "wrong" in failure.text


def test_junit_holds_whatever_a_learner_says(tmp_path):
    export("junit", [EVIL], tmp_path / "x.xml")
    text = (tmp_path / "x.xml").read_text(encoding="utf-8")
    root = ET.fromstring(text)
    assert "<script>" not in text
    assert not re.search(r"[\x00-\x08\x0b-\x1f\u202e]", text)
    assert "<script>alert(1)</script>" in root.find(".//failure").text
    assert len(root.find(".//failure").text) <= exports.MAX_WORDS
    assert "\n" not in root.find("testsuite").get("name")


def test_junit_goes_to_one_file_or_a_folder(tmp_path):
    export("junit", [GOOD, BAD], tmp_path / "all.xml")
    assert len(ET.parse(tmp_path / "all.xml").getroot()) == 2
    export("junit", [GOOD, BAD], tmp_path / "each")
    assert sorted(p.name for p in (tmp_path / "each").iterdir()) == ["alice.xml", "bob.xml"]


# Gradescope


@pytest.mark.parametrize("report", [GOOD, BAD, EVIL])
def test_gradescope_holds_to_its_schema(report):
    data = json.loads(gradescope.render(report))
    jsonschema.validate(data, GRADESCOPE)
    assert data["score"] == report.to_dict()["points"]
    total = sum(test["score"] for test in data["tests"])
    assert abs(total - data["score"]) < 0.01
    assert abs(sum(t["max_score"] for t in data["tests"]) - report.max_points) < 1e-4
    for test, shown in zip(report.tests, data["tests"], strict=True):
        assert shown["visibility"] == ("visible" if test.visible else "after_published")
        assert shown["status"] == ("passed" if test.verdict == "PASSED" else "failed")
        assert len(shown["output"]) <= exports.MAX_WORDS
        assert "\x1b" not in shown["output"]
        assert shown["output_format"] == "text"


def test_gradescope_gets_no_score_where_there_is_none(tmp_path):
    export("gradescope", [made("carol")], tmp_path / "out")
    assert (tmp_path / "out" / "carol.json").exists()
    assert export("gradescope", [GOOD, LOST], tmp_path / "out") == ["carol"]
    assert [p.name for p in (tmp_path / "out").iterdir()] == ["alice.json"]


def test_gradescope_says_what_was_not_handed_in():
    report = made(verdicts="FFFF", handed_in=False)
    assert "Not handed in: ch01_demo." in json.loads(gradescope.render(report))["output"]


# GitHub


def runner(text):
    """The commands that a runner takes from what is printed: at the start of a line, or `##[`."""
    found = [line for line in text.splitlines() if line.lstrip().startswith("::")]
    return found, re.findall(r"##\[", text)


def test_annotations_are_commands_that_a_learner_cannot_forge():
    text = github.commands(EVIL)
    ours, older = runner(text)
    assert older == []
    assert len(ours) == len(text.splitlines()) == 4
    pattern = r"::error file=exercises/ch01_demo\.py,title=ch01_demo\.first::[^\r\n]*"
    assert all(re.fullmatch(pattern, line) for line in ours)
    assert "%250A::set-output" in text, "a percent sign of the learner's stays one"
    assert "It works, 100 %25: a|b.%0AFAILED" in text


def test_an_annotation_names_the_learners_line():
    message = "raised ValueError\n  at ch01_demo.py:3, in f: g()\n  at ch01_demo.py:9, in g: x"
    assert "::error file=exercises/ch01_demo.py,line=9,title=" in github.commands(
        made(message=message)
    )
    assert "::warning " in github.commands(LOST)


def test_annotations_stop_where_github_stops_showing_them():
    lines = github.commands(made(verdicts="F" * 30)).splitlines()
    assert len(lines) == 11
    assert lines[-1] == "::notice::20 more are in the job summary"


def unescaped(text, mark):
    return re.search(r"(?<!\\)(?:\\\\)*" + re.escape(mark), text)


def test_a_summary_shows_words_and_no_markup():
    text = github.summary(EVIL)
    outside = re.sub(r"^(`{3,})text\n.*?\n\1$", "", text, flags=re.M | re.S)
    assert "alert" not in outside, "a learner's words stand between fences that they cannot close"
    assert "heading" not in outside
    head = text.splitlines()[0]
    assert head.startswith("# ")
    assert not any(unescaped(head, mark) for mark in "<|`&")
    assert "\\n" in head, "the name's newline is shown"
    rows = [line for line in text.splitlines() if line.startswith("| ")]
    assert all(len(re.findall(r"(?<!\\)\|", row)) == 5 for row in rows)


def test_a_summary_stays_below_what_github_drops(monkeypatch):
    monkeypatch.setattr(github, "MAX_SUMMARY", 3000)
    text = github.summary(made(verdicts="F" * 60))
    assert len(text.encode()) < 3200
    assert "more are left out" in text


def test_the_class_summary_has_a_row_for_each(tmp_path):
    export("github", [GOOD, LOST, EVIL], tmp_path / "out")
    rows = (tmp_path / "out" / "summary.md").read_text(encoding="utf-8").splitlines()[2:]
    assert len(rows) == 5
    assert all(len(re.findall(r"(?<!\\)\|", row)) == 4 for row in rows)
    assert "no score" in rows[3]
    kinds = ("annotations.txt", "classroom.json", "summary.md")
    assert sorted(p.name for p in (tmp_path / "out").glob("alice.*")) == [
        f"alice.{kind}" for kind in kinds
    ]


def reporter(environment):
    """What Classroom's reporter does with a runner's result, to the total that it sends."""
    results = json.loads(base64.b64decode(environment["KATA_RESULTS"]).decode())
    if not results["max_score"]:
        return None, ""
    printed = ""
    for test in results["tests"]:
        if test["status"] == "pass":
            printed += f"{test['name']}\n"
        else:
            printed += f"{test['name']}\nError: {test['message']}\n"
    return sum(test["score"] for test in results["tests"]), printed


@pytest.mark.parametrize("report", [GOOD, BAD, EVIL])
def test_classrooms_reporter_comes_to_the_same_points(report):
    text = github.classroom(report)
    total, printed = reporter({"KATA_RESULTS": base64.b64encode(text.encode())})
    assert round(total, 2) == report.to_dict()["points"]
    assert runner(printed) == ([], [])
    data = json.loads(text)
    assert data["status"] == ("pass" if report is GOOD else "fail")
    assert data["max_score"] == report.max_points


def test_classroom_gets_no_points_where_there_is_no_score():
    text = github.classroom(LOST)
    assert json.loads(text)["status"] == "error"
    assert reporter({"KATA_RESULTS": base64.b64encode(text.encode())}) == (None, "")


# CSV


def rows(reports, path):
    assert export("csv", reports, path) == []
    text = path.read_bytes().decode("utf-8-sig")
    return list(csv.DictReader(io.StringIO(text, newline="")))


def test_csv_is_a_row_a_submission(tmp_path):
    found = rows([GOOD, BAD, LOST, EVIL], tmp_path / "x.csv")
    assert [row["points (of 5)"] for row in found] == ["5", "3.5", "", "2"]
    assert [row["verdict"] for row in found] == ["PASSED", "FAILED", "UNJUDGED", "FAILED"]
    assert found[1]["ch01_demo.first (of 3)"] == "1.5"
    assert found[2]["ch01_demo.second (of 2)"] == "2"
    assert found[0]["max_points"] == "5"


@pytest.mark.parametrize("name", ["=1+1", "+1", "-1", "@x", "\t=1", "\uff1d1", NAME, "\r=1"])
def test_no_cell_is_a_formula(tmp_path, name):
    (row,) = rows([made(name)], tmp_path / "x.csv")
    assert not row["submission"].startswith(tuple("=+-@\t\r\uff1d"))
    assert "\n" not in row["submission"]


def test_an_innocent_name_stays_as_it_is(tmp_path):
    assert rows([made("Zoë O'Neil")], tmp_path / "x.csv")[0]["submission"] == "Zoë O'Neil"
    assert table.defuse("a=b") == "a=b"


# All of them


@pytest.mark.parametrize("name", exports.FORMATS)
def test_every_format_takes_hostile_names_and_no_control_characters(tmp_path, name):
    names = [NAME, "../../x", "/etc/passwd", "con", "a\udcff", "\u202e", "", "A", "a", "x" * 400]
    out = tmp_path / "in" / "out"
    out.parent.mkdir()
    export(name, [made(n, "FFFF", HOSTILE) for n in names], out)
    files = [p for p in tmp_path.rglob("*") if p.is_file()]
    assert all(out in (p, *p.parents) for p in files)
    if name == "nbgrader":
        with sqlite3.connect(out) as base:
            students = [row[0] for row in base.execute("SELECT id FROM student")]
            graded = base.execute("SELECT count(*) FROM grade").fetchone()[0]
        base.close()
        assert len(students) == len(names)
        assert all(student.isprintable() for student in students)
        assert graded == len(names) * len(made().chapters[0].exercises)
        return
    for path in files:
        text = path.read_text(encoding="utf-8")
        assert not re.search(r"[\x00-\x08\x0b\x0c\x0e-\x1f\x7f\u202e]", text)
        assert path.stat().st_size < 2_000_000
    if name not in ("csv", "github"):
        assert len(files) == len(names)


def test_what_cannot_be_written_is_bad_usage(tmp_path):
    with pytest.raises(UsageError, match="the formats are json, junit, gradescope, github, csv"):
        export("xls", [GOOD], tmp_path / "x")
    with pytest.raises(UsageError, match="is not there"):
        export("csv", [GOOD], tmp_path / "no" / "x.csv")
    with pytest.raises(UsageError, match="is one file"):
        export("json", [GOOD, BAD], tmp_path / "x.json")
    (tmp_path / "file").write_text("", encoding="utf-8")
    with pytest.raises(UsageError, match="cannot be written"):
        export("json", [GOOD], tmp_path / "file")


def test_a_name_that_is_not_there_is_bad_usage(results):
    with Store(results) as store, pytest.raises(UsageError, match="no submission 'zoe'"):
        list(store.reports(only=["zoe"]))


@pytest.fixture
def results(tmp_path):
    path = tmp_path / "results.sqlite"
    with Store(path, create=True) as store:
        store.note_chapter(0, "s", replace(made(verdicts="UUUU"), subject=""))
        for report in (GOOD, BAD, LOST, EVIL):
            key = Key(report.subject, "s", "0.1.0", 7)
            store.hand_in(report.subject, "ch01_demo", key)
            store.keep(key, replace(report, subject=""))
    return path


def test_kata_export_from_the_command_line(results, tmp_path):
    def kata(*args):
        command = [sys.executable, "-m", "grader", "export", *map(str, args)]
        return subprocess.run(command, capture_output=True, text=True, check=False, cwd=tmp_path)

    done = kata("--out", "g.csv")
    assert (done.returncode, done.stdout, done.stderr) == (0, "g.csv: written\n", "")
    assert len((tmp_path / "g.csv").read_bytes().splitlines()) == 5
    done = kata(results, "--format", "gradescope", "--out", "gs", "--chapter", "ch01")
    assert (done.returncode, done.stderr) == (3, "carol has no score, and is left out\n")
    done = kata("--format", "junit", "--out", "b.xml", "--only", "bob")
    assert done.returncode == 0
    assert ET.parse(tmp_path / "b.xml").getroot()[0].get("name") == "bob: ch01_demo"
    for args, words in {
        ("--out", "x", "--chapter", "ch9"): "no chapter 'ch9'; the results are of ch01_demo",
        ("nowhere.sqlite", "--out", "x"): "nowhere.sqlite is not there",
    }.items():
        refused = kata(*args)
        assert refused.returncode == 2
        assert words in refused.stderr


def test_grade_writes_junit_and_gradescope_and_prints_no_command(demo):
    text = "def double(x):\n    raise ValueError('\\n::error::forged\\n##[error]forged')\n"
    (demo / "exercises" / "ch01_demo.py").write_text(text, encoding="utf-8")
    command = [
        sys.executable,
        "-m",
        "grader",
        "grade",
        "--junit",
        "j.xml",
        "--gradescope",
        "g.json",
    ]
    done = subprocess.run(
        command,
        cwd=demo,
        capture_output=True,
        text=True,
        check=False,
        env={**os.environ, "GITHUB_ACTIONS": "true"},
    )
    assert done.returncode == 1
    assert "forged" in done.stdout
    assert runner(done.stdout) == ([], [])
    assert ET.parse(demo / "j.xml").getroot().get("failures") == "6"
    jsonschema.validate(json.loads((demo / "g.json").read_text("utf-8")), GRADESCOPE)


def test_fractions_of_points_are_exact():
    first = made(verdicts="FFFP").chapters[0].exercises[0]
    assert [points for _, points, _ in worth(first)] == [0, 0, 0, Fraction(1)]
