"""JUnit XML, as CI systems read it: a suite a chapter, a case a test.

A test that was SKIPPED because an earlier exercise is not written has failed here: readers leave
skipped cases out of the denominator, and ours is fixed. UNJUDGED is an error.
"""

from __future__ import annotations

from collections.abc import Iterable
from pathlib import Path
from xml.etree import ElementTree as ET

from ..files import write_text
from ..names import one_line
from ..report import FAILED, PASSED, SKIPPED, UNJUDGED, ChapterReport, Report, rounded
from . import label, words, write_each


def write(reports: Iterable[Report], out: Path) -> list[str]:
    """Write a `.xml` file with all reports, or a folder with a file for each; leaves none out."""
    if out.name.endswith(".xml"):
        write_text(out.resolve(), render(reports))
        return []
    return write_each(reports, out, ".xml", lambda report: render([report]))


def render(reports: Iterable[Report]) -> str:
    """Reports as one XML text."""
    root = ET.Element("testsuites", name="LLM Kata")
    for report in reports:
        for chapter in report.chapters:
            root.append(_suite(report, chapter))
    for name in ("tests", "failures", "errors", "skipped"):
        root.set(name, str(sum(int(suite.get(name, "0")) for suite in root)))
    root.set("time", f"{sum(float(suite.get('time', '0')) for suite in root):.4f}")
    ET.indent(root)
    return ET.tostring(root, encoding="unicode", xml_declaration=False) + "\n"


def _suite(report: Report, chapter: ChapterReport) -> ET.Element:
    tests = [test for exercise in chapter.exercises for test in exercise.tests]
    count = {v: sum(t.verdict == v for t in tests) for v in (FAILED, SKIPPED, UNJUDGED)}
    suite = ET.Element(
        "testsuite",
        name=f"{label(report)}: {chapter.name}",
        tests=str(len(tests)),
        failures=str(count[FAILED] + count[SKIPPED]),
        errors=str(count[UNJUDGED]),
        skipped="0",
        time=f"{sum(t.seconds for t in tests):.4f}",
    )
    points = rounded(chapter.exact_points)
    facts = {
        "submission": label(report),
        "seed": str(report.seed),
        "points": "no score" if points is None else f"{points:g}",
        "max_points": str(chapter.max_points),
        "handed_in": str(chapter.handed_in).lower(),
    }
    properties = ET.SubElement(suite, "properties")
    for name, value in facts.items():
        ET.SubElement(properties, "property", name=name, value=value)
    for exercise in chapter.exercises:
        for test in exercise.tests:
            case = ET.SubElement(
                suite,
                "testcase",
                classname=f"{chapter.name}.{exercise.name}",
                name=test.id,
                time=f"{test.seconds:.4f}",
            )
            if test.verdict != PASSED:
                kind = "error" if test.verdict == UNJUDGED else "failure"
                message = one_line(test.sentence, 500)
                fault = ET.SubElement(case, kind, message=message, type=test.verdict)
                fault.text = words(test)
    return suite
