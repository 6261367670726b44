"""The commands of a class: collect, batch, merge, export, report, similar."""

from __future__ import annotations

import json
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from ..course import find_root
from ..errors import UsageError
from ..names import count
from .app import app, err
from .showing import Names, Seed, course_of, new_console, progress_bar, selected

if TYPE_CHECKING:
    from ..similar import Found
    from ..store import Store


Submissions = Annotated[
    Path, typer.Argument(help="A folder with a folder or an archive for each submission.")
]
Results = Annotated[Path, typer.Argument(metavar="[RESULTS]", help="What `kata batch` wrote.")]
DEFAULT_RESULTS = Path("results.sqlite")


@app.command()
def collect(
    roster: Annotated[Path, typer.Argument(help="A CSV file with the columns name,repository.")],
    to: Annotated[
        Path, typer.Option(metavar="DIR", help="The folder of submissions to fill.")
    ] = Path("submissions"),
) -> None:
    """Read the chapters out of learners' git repositories, without a check-out.

    No hook, filter, submodule or link of a repository is followed. The token of private ones is
    read from the variable KATA_GIT_TOKEN. Exit code: 0 all were read; 2 bad usage; 3 some were not,
    and theirs are what they were before.
    """
    from ..collect import collect as run
    from ..collect import read_roster

    names = [c.name for c in course_of(find_root()).chapters]
    learners = read_roster(roster)
    with progress_bar("collecting", left=True) as shown:
        found = run(learners, names, to, shown)
    for name, why in found.failed.items():
        err(f"{name}: {why}")
    for name in (n for n, commit in found.commits.items() if not commit):
        err(f"{name}: the repository is empty")
    print(f"{to}: {len(found.commits)} of {len(learners)} repositories read")
    raise typer.Exit(3 if found.failed else 0)


@app.command()
def batch(
    submissions: Submissions,
    chapter: Names = None,
    jobs: Annotated[
        int | None, typer.Option(help="Chapters at a time (default: one a core).")
    ] = None,
    seed: Seed = 0,
    only: Annotated[
        list[str] | None, typer.Option(metavar="NAME", help="Only this submission; repeatable.")
    ] = None,
    force: Annotated[bool, typer.Option("--force", help="Grade unchanged ones too.")] = False,
    shard: Annotated[
        str, typer.Option(metavar="I/N", help="Only the I-th of N parts, for arrays of jobs.")
    ] = "1/1",
    results: Annotated[
        Path | None,
        typer.Option(help="Where results go (default: results.sqlite, or results.I-of-N.sqlite)."),
    ] = None,
    strict: Annotated[
        bool, typer.Option("--strict", help="Only in the full sandbox (`kata doctor` shows it).")
    ] = False,
) -> None:
    """Grade a folder of submissions; stopped, the same command goes on.

    Exit code: 0 all are graded, whatever their points; 2 bad usage; 3 something is UNJUDGED.
    """
    from ..batch import Batch, parse_shard
    from ..batch import batch as run
    from ..grading import ask_for_the_sandbox
    from ..judge import JOBS
    from ..release import needs_solutions
    from ..store import Store

    root = find_root()
    needs_solutions(root, "batch")
    if strict:
        ask_for_the_sandbox()
    course, part = course_of(root), parse_shard(shard)
    number, parts = part
    path = results or (
        DEFAULT_RESULTS if parts == 1 else Path(f"results.{number}-of-{parts}.sqlite")
    )
    chapters = selected(course, chapter or [])
    names = tuple(only or ())
    order = Batch(root, course, submissions, chapters, seed, jobs or JOBS, names, force, part)
    with Store(path, create=True) as store, progress_bar("grading", left=True) as shown:
        tally = run(order, store, shown)
    for name, why in tally.unjudged.items():
        err(f"UNJUDGED {name}: {why}")
    _say_ignored(tally.ignored)
    if tally.gone:
        gone = count(tally.gone, "submission")
        err(f"no longer in {submissions}, but kept in {path}: {gone}")
    print(
        f"{count(tally.submissions, 'submission')}, {count(len(chapters), 'chapter')} each: "
        f"{tally.graded} graded, "
        f"{tally.unchanged} had a result already, {tally.not_handed_in} not handed in, "
        f"{len(tally.unjudged)} UNJUDGED"
    )
    print(f"results: {path}")
    raise typer.Exit(3 if tally.unjudged else 0)


def _say_ignored(files: Sequence[str]) -> None:
    """Name files that lie among the submissions and are none."""
    from ..names import shown

    if files:
        are = "is no submission" if len(files) == 1 else "are no submissions"
        words = ", ".join(map(shown, files[:3])) + (" …" if files[3:] else "")
        err(f"{count(len(files), 'file')} {are}: {words}")


@app.command()
def merge(
    files: Annotated[list[Path], typer.Argument(help="What `kata batch --shard` wrote.")],
    results: Annotated[Path, typer.Option(help="The file to merge into.")] = DEFAULT_RESULTS,
) -> None:
    """Merge the results of several parts into one file."""
    from ..store import merge as join

    print(f"{results}: {count(join(files, results), 'submission')}")


@app.command()
def export(
    out: Annotated[Path, typer.Option(help="A file, or a folder with a file a submission.")],
    results: Results = DEFAULT_RESULTS,
    format_: Annotated[
        str, typer.Option("--format", help="json, junit, gradescope, github, csv or nbgrader.")
    ] = "csv",
    chapter: Names = None,
    only: Annotated[
        list[str] | None, typer.Option(metavar="NAME", help="Only this submission; repeatable.")
    ] = None,
) -> None:
    """Write results for a gradebook or a CI system.

    Exit code: 0 all are written; 2 bad usage; 3 submissions without a score are left out.
    """
    from ..exports import export as run
    from ..names import shown
    from ..store import Store

    with Store(results) as store:
        chapters = _stored(store, chapter)
        left_out = run(format_, store.reports(chapters, only or None), out)
        _warn_of_stale(store)
    for name in left_out:
        err(f"{shown(name)} has no score, and is left out")
    print(f"{out}: written")
    raise typer.Exit(3 if left_out else 0)


def _stored(store: Store, names: list[str] | None) -> list[str] | None:
    """The chapters of a store that are named in full or by their beginning; None takes all."""
    if not names:
        return None
    there = store.chapters()
    found = [[c for c in there if c == n] or [c for c in there if c.startswith(n)] for n in names]
    for name, hits in zip(names, found, strict=True):
        if len(hits) != 1:
            raise UsageError(f"no chapter {name!r}; the results are of {', '.join(there)}")
    return [hits[0] for hits in found]


def _warn_of_stale(store: Store) -> None:
    if stale := store.stale():
        err(f"{stale} results are of an older suite; `kata batch` brings them up to date")


@app.command()
def report(
    html: Annotated[Path, typer.Option("--html", metavar="DIR", help="The folder to make.")],
    results: Results = DEFAULT_RESULTS,
    chapter: Names = None,
) -> None:
    """Make pages of a class's results: the class, and a page for each learner."""
    from ..pages import write
    from ..store import Store

    with Store(results) as store:
        chapters = _stored(store, chapter)
        written = write(store.reports(chapters), course_of(find_root()), html)
        _warn_of_stale(store)
    print(f"{html / 'index.html'}: {count(written, 'submission')}")


@app.command()
def similar(
    submissions: Submissions,
    chapter: Names = None,
    share: Annotated[
        float, typer.Option(help="The least share of one that the other has too.")
    ] = 0.7,
    common: Annotated[
        int, typer.Option(metavar="N", help="What more than N submissions have does not count.")
    ] = 10,
    json: Annotated[
        Path | None, typer.Option("--json", metavar="FILE", help="Write the pairs here.")
    ] = None,
    html: Annotated[
        Path | None, typer.Option(metavar="FILE", help="Write a page with the texts side by side.")
    ] = None,
) -> None:
    """List pairs of submissions that are suspiciously alike; no score depends on it.

    What the stub, the reference and the right alternatives hold too is left out, as are names,
    comments and the order of definitions. Exit code: 0 whatever is found; 2 bad usage.
    """
    from ..names import shown as safe
    from ..similar import compare

    root = find_root()
    course = course_of(root)
    chapters = [c.name for c in selected(course, chapter or [])]
    for file in (json, html):
        if file and not file.resolve().parent.is_dir():
            raise UsageError(f"{file}: the folder {file.resolve().parent} is not there")
    with progress_bar("comparing", left=True) as bar:
        found = compare(root, submissions, chapters, share=share, common=common, watch=bar)
    for name, of, why in found.left_out:
        err(f"{safe(name)}, {of}: {safe(why)}; it is not compared")
    _say_ignored(found.ignored)
    for of, names in found.common.items():
        err(
            f"{of}: {len(names)} submissions hold much that more than {common} have; that is not "
            f"counted, unless you ask for --common {len(names)}"
        )
    if json:
        _write_pairs(json, found)
    if html:
        from ..pages import write_similar

        write_similar(found, course, html)
    _show_pairs(found)


def _write_pairs(file: Path, found: Found) -> None:
    from ..files import write_text

    try:
        write_text(file.resolve(), json.dumps(found.to_dict(), indent=2, ensure_ascii=True) + "\n")
    except OSError as error:
        raise UsageError(f"{file}: cannot be written ({error.strerror})") from None


def _show_pairs(found: Found) -> None:
    from rich.table import Table

    from ..names import shown

    if not found.pairs:
        print(f"{count(found.submissions, 'submission')}: no two are alike")
        return
    table = Table(box=None, pad_edge=False)
    for heading in ("chapter", "of", "shared", "of", "shared", "longest stretch"):
        table.add_column(heading, justify="right" if heading == "shared" else "left")
    for pair in found.pairs:
        cells, places = [pair.chapter], []
        for side in (pair.left, pair.right):
            cells += [shown(side.name, 60), f"{side.share:.0%}"]
            places.append("{}-{}".format(*side.longest))
        table.add_row(*cells, f"lines {places[0]} and {places[1]}")
    new_console().print(table)
    print(
        f"{count(found.submissions, 'submission')}, {count(len(found.pairs), 'pair')}: "
        "a reason to look at both, and no proof"
    )
