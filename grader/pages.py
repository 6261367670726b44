"""Reports -> one static folder: the class on one page, and a page for each learner.

And pairs that are alike -> one page. No script, no request to the outside, and a content security
policy that forbids both. The style stands in each page, so that the policy can name it by its hash
and a page opened from disk has it.
"""

from __future__ import annotations

import base64
import hashlib
from collections import Counter, defaultdict
from collections.abc import Iterable
from dataclasses import dataclass, field
from fractions import Fraction
from itertools import groupby
from pathlib import Path
from typing import TYPE_CHECKING, Any

from .course import Course
from .errors import UsageError
from .exports import put
from .files import write_text
from .names import count, file_name, plain, shown
from .report import PASSED, ChapterReport, ExerciseReport, Report, rounded

if TYPE_CHECKING:
    from jinja2 import Environment

    from .similar import Found, Side

TEMPLATES = Path(__file__).resolve().parent / "templates"
GENERATOR = '<meta name="generator" content="LLM Kata">'
MAX_FAILING = 20  # rows of "what fails most"
MAX_HARD = 12  # rows of "hardest exercises" that are not folded
MAX_PAIRS = 100  # on the page of pairs
AROUND = 3  # lines around what is shared
MAX_LINE = 2_000  # characters of a line of a learner's code
BINS = 10


@dataclass
class _Learner:
    """What the class's page says of one submission."""

    name: str
    file: str
    cells: list[Any]


@dataclass
class _Exercise:
    """Sums over the class."""

    id: str
    count: int = 0
    passed: int = 0
    total: Fraction = Fraction(0)

    @property
    def mean(self) -> int:
        """Per cent of the points, on average."""
        return round(100 * self.total / self.count) if self.count else 0


@dataclass
class _Class:
    """Sums over the class, one report after the other."""

    learners: list[_Learner] = field(default_factory=list)
    shares: list[Fraction] = field(default_factory=list)
    exercises: dict[str, _Exercise] = field(default_factory=dict)
    failing: Counter[tuple[str, str]] = field(default_factory=Counter)
    stuck: dict[str, list[_Learner]] = field(default_factory=lambda: defaultdict(list))
    unjudged: int = 0

    def add(self, report: Report, learner: _Learner) -> None:
        """Count one submission."""
        self.learners.append(learner)
        points = report.exact_points
        if points is None:
            self.unjudged += 1
        elif report.max_points:
            self.shares.append(points / report.max_points)
        if not any(c.handed_in for c in report.chapters):
            self.stuck["nothing handed in"].append(learner)
        for chapter in report.chapters:
            first = None
            for exercise in chapter.exercises:
                name = f"{chapter.name}.{exercise.name}"
                sums = self.exercises.setdefault(name, _Exercise(name))
                if not chapter.handed_in or exercise.exact_points is None:
                    continue
                sums.count += 1
                sums.passed += exercise.verdict == PASSED
                sums.total += exercise.exact_points / exercise.max_points
                for test in exercise.tests:
                    if test.verdict != PASSED:
                        self.failing[name, test.sentence] += 1
                if first is None and exercise.verdict != PASSED:
                    first = name
            if first:
                self.stuck[first].append(learner)


def write(reports: Iterable[Report], course: Course, out: Path) -> int:
    """Write the pages; returns the number of submissions.

    Args:
        reports: One for each submission, all of the same chapters.
        course: For its title and hints.
        out: The folder; what a former run has left there is replaced.

    Raises:
        UsageError: There is nothing to show, the folder holds something else, or jinja2 is missing.
    """
    pages = _environment(course)
    out = out.resolve()
    old = _former(out)
    learner_page = pages.get_template("learner.html")
    found = _Class()
    taken: set[str] = set()
    chapters: tuple[ChapterReport, ...] = ()
    try:
        for report in reports:
            chapters = chapters or report.chapters
            name, file = shown(report.subject), f"{file_name(report.subject, taken)}.html"
            found.add(report, _Learner(name, file, [_cells(c) for c in report.chapters]))
            points = _score(report.exact_points)
            text = learner_page.render(name=name, report=report, points=points)
            put(out / "learners" / file, text)
        if not found.learners:
            raise UsageError("there are no results to show")
        write_text(out / "index.html", _class_page(pages, found, chapters))
        for path in old - {out / "learners" / one.file for one in found.learners}:
            path.unlink()
    except OSError as error:
        raise UsageError(f"{out}: cannot be written ({error.strerror})") from None
    return len(found.learners)


def _former(out: Path) -> set[Path]:
    """The learners' pages of a former run."""
    index = out / "index.html"
    if not out.exists() or (out.is_dir() and not any(out.iterdir())):
        return set()
    if not index.is_file() or GENERATOR not in index.read_text(encoding="utf-8", errors="replace"):
        raise UsageError(f"{out} holds something else; name a new folder")
    return set((out / "learners").glob("*.html"))


def write_similar(found: Found, course: Course, out: Path) -> None:
    """Write one page with the pairs that are alike, their texts side by side.

    Raises:
        UsageError: It cannot be written, or jinja2 is missing.
    """
    pages = _environment(course)
    text = pages.get_template("similar.html").render(
        submissions=found.submissions,
        pairs=[
            {
                "chapter": pair.chapter,
                "longest": pair.left.longest[1] - pair.left.longest[0] + 1,
                "sides": [_side(side) for side in (pair.left, pair.right)],
            }
            for pair in found.pairs[:MAX_PAIRS]
        ],
        left=max(0, len(found.pairs) - MAX_PAIRS),
        left_out=[(shown(name), chapter, shown(why, 500)) for name, chapter, why in found.left_out],
    )
    try:
        write_text(out.resolve(), text)
    except OSError as error:
        raise UsageError(f"{out}: cannot be written ({error.strerror})") from None


def _side(side: Side) -> dict[str, Any]:
    """One text of a pair, in runs of lines that are shared or not."""
    lines = side.text.expandtabs(4).rstrip("\n").split("\n")
    runs = [
        (marked, _run(list(run), short=not marked))
        for marked, run in groupby(enumerate(lines, 1), lambda one: one[0] in side.lines)
    ]
    first, last = side.longest
    share = round(100 * side.share)
    return {
        "name": shown(side.name),
        "share": share,
        "first": first,
        "last": last,
        "runs": runs,
    }


def _run(lines: list[tuple[int, str]], *, short: bool) -> str:
    """Lines with their numbers; if `short`, only the first and last few of many."""
    numbered = [f"{number:4}  {plain(line, MAX_LINE)}\n" for number, line in lines]
    if short and len(lines) > 3 * AROUND:
        left = f"      … {len(lines) - 2 * AROUND} lines …\n"
        numbered[AROUND:-AROUND] = [left]
    return "".join(numbered)


def _environment(course: Course) -> Environment:
    """The templates, and what every one of them may use."""
    try:
        from jinja2 import Environment, FileSystemLoader, StrictUndefined
        from markupsafe import Markup
    except ImportError:
        raise UsageError("pages need jinja2: pip install 'llm-kata[classroom]'") from None
    pages = Environment(
        loader=FileSystemLoader(TEMPLATES),
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=False,
    )

    style = (TEMPLATES / "style.css").read_text(encoding="utf-8")
    digest = base64.b64encode(hashlib.sha256(style.encode()).digest()).decode()
    given = {e.id: e.hints for c in course.chapters for e in c.exercises}

    def bar(percent: int) -> Markup:
        return Markup(
            '<svg class="bar" viewBox="0 0 100 10" preserveAspectRatio="none" aria-hidden="true">'
            '<rect width="{}" height="10"/></svg>'
        ).format(percent)

    pages.globals.update(
        course=course.title,
        style=Markup(style),  # noqa: S704 - our own file
        style_hash=f"sha256-{digest}",
        bar=bar,
        count=count,
        rows=_rows,
        score=lambda e: _score(e.exact_points),
        share=lambda c: round(100 * (c.exact_points or 0) / c.max_points) if c.max_points else 0,
        failed=_failed,
        hints=lambda chapter, exercise: given.get(f"{chapter}.{exercise}", ()),
    )
    return pages


def _class_page(pages: Environment, found: _Class, chapters: tuple[ChapterReport, ...]) -> str:
    order = list(found.exercises)
    places = ["nothing handed in", *order]
    failing = [
        {"exercise": name, "sentence": sentence, "count": count}
        for (name, sentence), count in found.failing.most_common(MAX_FAILING)
    ]
    most = sum(c.max_points for c in chapters)
    return pages.get_template("class.html").render(
        learners=found.learners,
        exercises=order,
        chapters=chapters,
        max_points=most,
        unjudged=found.unjudged,
        bins=_bins(found.shares, most),
        hardest=sorted(
            (e for e in found.exercises.values() if e.count), key=lambda e: (e.mean, e.id)
        ),
        most_hard=MAX_HARD,
        failing=failing,
        stuck=[{"where": p, "who": found.stuck[p]} for p in places if p in found.stuck],
    )


def _bins(shares: list[Fraction], most: int) -> list[dict[str, Any]]:
    """Tenths of the points; the last one holds those who have them all."""
    counts = Counter(min(int(share * BINS), BINS - 1) for share in shares)
    top = max(counts.values(), default=1)
    edges = [f"{most * i / BINS:g}" for i in range(BINS + 1)]
    return [
        {
            "label": f"{edges[i]} to {'under ' if i < BINS - 1 else ''}{edges[i + 1]}",
            "count": counts[i],
            "share": round(100 * counts[i] / top),
        }
        for i in range(BINS)
    ]


def _score(points: Fraction | None) -> str:
    value = rounded(points)
    return "no score" if value is None else f"{value:g}"


def _heat(exercise: ExerciseReport) -> str:
    """The class of a cell: five steps from nothing to all points."""
    points = exercise.exact_points
    return "none" if points is None else f"h{int(4 * points / exercise.max_points)}"


def _rows(chapter: ChapterReport) -> Any:
    """A learner's exercises, a row each; made here for the same reason as `_cells`."""
    from markupsafe import Markup, escape

    rows = []
    for e in chapter.exercises:
        passed = sum(t.verdict == PASSED for t in e.tests)
        rows.append(
            f'<tr><th scope="row">{escape(e.name)}</th><td class="verdict">{escape(e.verdict)}</td>'
            f"<td>{passed} of {len(e.tests)}</td>"
            f'<td class="{_heat(e)}">{_score(e.exact_points)}</td><td>{e.max_points}</td></tr>\n'
        )
    return Markup("".join(rows))  # noqa: S704 - names are escaped


def _failed(exercise: ExerciseReport) -> Any:
    """What does not pass, a line a test; made here for the same reason as `_cells`."""
    from markupsafe import Markup, escape

    lines = []
    for test in exercise.tests:
        if test.verdict != PASSED:
            hidden = "" if test.visible else " (hidden test)"
            said = f"<pre>{escape(plain(test.message, 4_000))}</pre>" if test.message else ""
            verdict, sentence = escape(test.verdict), escape(test.sentence)
            lines.append(
                f'<li><span class="verdict">{verdict}</span> {sentence}{hidden}\n{said}</li>\n'
            )
    return Markup("".join(lines))  # noqa: S704 - each part is escaped


def _cells(chapter: ChapterReport) -> Any:
    """A row of the heat map, made here because a template is slow for a hundred thousand cells."""
    from markupsafe import Markup

    if not chapter.handed_in:
        cell = '<td class="none"><abbr title="not handed in">-</abbr></td>'
        return Markup(cell * (1 + len(chapter.exercises)))  # noqa: S704 - nothing of a stranger's
    total = rounded(chapter.exact_points)
    cells = [f"<td>{'?' if total is None else format(total, 'g')}</td>"]
    for exercise in chapter.exercises:
        value = rounded(exercise.exact_points)
        text = "?" if value is None else format(value, "g")
        cells.append(f'<td class="{_heat(exercise)}">{text}</td>')
    return Markup("".join(cells))  # noqa: S704 - numbers
