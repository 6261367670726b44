"""JUnit XML, as CI systems read it: a suite a chapter, a case a test.

A test that was SKIPPED because an earlier exercise is not written has failed here: readers leave
skipped cases out of the denominator, and ours is fixed. UNJUDGED is an error.
"""

from __future__ import annotations

import functools
from collections import Counter
from collections.abc import Iterable
from pathlib import Path

from ..files import write_text
from ..names import one_line
from ..report import (
    FAILED,
    PASSED,
    SKIPPED,
    UNJUDGED,
    ChapterReport,
    Report,
    TestReport,
    rounded,
)
from . import label, words, write_each


def write(reports: Iterable[Report], out: Path) -> list[str]:
    """Write a `.xml` file with all reports, or a folder with a file for each; leaves none out."""
    if out.name.endswith(".xml"):
        write_text(out.resolve(), render(reports))
        return []
    return write_each(reports, out, ".xml", lambda report: render([report]))


def render(reports: Iterable[Report]) -> str:
    """Reports as one XML text."""
    suites, sums, seconds = [], Counter[str](), 0.0
    for report in reports:
        for chapter in report.chapters:
            facts, text = _suite(report, chapter)
            suites.append(text)
            for name in ("tests", "failures", "errors", "skipped"):
                sums[name] += int(facts[name])
            seconds += float(facts["time"])
    whole = {
        "name": "LLM Kata",
        **{name: str(sums[name]) for name in ("tests", "failures", "errors", "skipped")},
        "time": f"{seconds:.4f}",
    }
    head = f"<testsuites{_attributes(whole)}"
    return f"{head}>\n{''.join(suites)}</testsuites>\n" if suites else f"{head} />\n"


def _suite(report: Report, chapter: ChapterReport) -> tuple[dict[str, str], str]:
    """The attributes of a suite, and all of its text.

    Written as ElementTree would; a tree takes several times as long.
    """
    tests = [test for exercise in chapter.exercises for test in exercise.tests]
    count = {v: sum(t.verdict == v for t in tests) for v in (FAILED, SKIPPED, UNJUDGED)}
    suite = {
        "name": f"{label(report)}: {chapter.name}",
        "tests": str(len(tests)),
        "failures": str(count[FAILED] + count[SKIPPED]),
        "errors": str(count[UNJUDGED]),
        "skipped": "0",
        "time": f"{sum(t.seconds for t in tests):.4f}",
    }
    points = rounded(chapter.exact_points)
    facts = {
        "submission": label(report),
        "seed": str(report.seed),
        "points": "no score" if points is None else f"{points:g}",
        "max_points": str(chapter.max_points),
        "handed_in": str(chapter.handed_in).lower(),
    }
    lines = [f"  <testsuite{_attributes(suite)}>\n    <properties>\n"]
    for name, value in facts.items():
        lines.append(f"      <property{_attributes({'name': name, 'value': value})} />\n")
    lines.append("    </properties>\n")
    for exercise in chapter.exercises:
        owner = _quoted(f"{chapter.name}.{exercise.name}")
        for test in exercise.tests:
            name = _quoted(test.id)
            case = f'    <testcase classname="{owner}" name="{name}" time="{test.seconds:.4f}"'
            lines.append(case + _outcome(test))
    lines.append("  </testsuite>\n")
    return suite, "".join(lines)


def _outcome(test: TestReport) -> str:
    """How a case ends."""
    if test.verdict == PASSED:
        return " />\n"
    kind = "error" if test.verdict == UNJUDGED else "failure"
    facts = _attributes({"message": one_line(test.sentence, 500), "type": test.verdict})
    return f">\n      <{kind}{facts}>{_escaped(words(test))}</{kind}>\n    </testcase>\n"


def _attributes(facts: dict[str, str]) -> str:
    return "".join(f' {name}="{_quoted(value)}"' for name, value in facts.items())


@functools.lru_cache(maxsize=8192)
def _quoted(text: str) -> str:
    text = _escaped(text).replace('"', "&quot;").replace("\r", "&#13;")
    return text.replace("\n", "&#10;").replace("\t", "&#09;")


def _escaped(text: str) -> str:
    return text.replace("&", "&amp;").replace("<", "&lt;").replace(">", "&gt;")
