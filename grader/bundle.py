"""`kata release --to`: a learner's repository, complete, and without what a learner must not see.

`bundle` makes one, `add` brings chapters into one that is in use.

Every file is named here or made here: stubs anew from the solutions (never from exercises/, which
may hold somebody's work), the visible suites, the course without the other chapters, the grader
itself, and what `grader/templates` has for a learner. Before the folder appears it is searched for
the lines that must not be in it (`leaks`).
"""

from __future__ import annotations

import ast
import json
import re
import tomllib
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from pathlib import Path
from string import Template
from typing import Any

from .course import Chapter, Course, load_course
from .errors import KataError, UsageError
from .files import replacing
from .leaks import leaks, secret_lines
from .model.place import check_place, draft
from .release import needs_solutions, stub_of

HERE = Path(__file__).resolve().parent
HOME = HERE.parent  # the checkout that the grader is in
TEMPLATES = HERE / "templates"
# Where a template of `templates/learner` goes, if not to its own name.
PLACES = {
    "project.toml": "pyproject.toml",
    "vscode-settings.json": ".vscode/settings.json",
    "editorconfig": ".editorconfig",
    "gitignore": ".gitignore",
    "gitattributes": ".gitattributes",
}
FOR_A_MODEL = {"ch02_text", "ch03_attention", "ch04_gpt", "ch05_pretraining"}
# What nobody but the course changes in a learner's repository.
OWN = ("grader/", "tests/", "exercises/course.toml", "exercises/data/")
FILLED = ("README.md", "project.toml")  # templates with places to fill


@dataclass(frozen=True)
class Bundle:
    """What was released.

    Attributes:
        folder: Where it is.
        chapters: The chapters in it.
        along: Those that were not named, and that others import.
        files: How many files there are.
    """

    folder: Path
    chapters: tuple[Chapter, ...]
    along: tuple[str, ...]
    files: int


@dataclass(frozen=True)
class Added:
    """What came into a learner's repository.

    Attributes:
        chapters: Names of those that were not there.
        written: How many files are new or brought up to date.
        kept: Names of those that somebody has changed, and that are as they were.
    """

    chapters: tuple[str, ...]
    written: int
    kept: tuple[str, ...]


def bundle(root: Path, course: Course, wanted: Iterable[Chapter], to: Path) -> Bundle:
    """Make a learner's repository.

    Args:
        root: The checkout.
        course: Its course.
        wanted: The chapters to release; what they import comes along.
        to: The folder to make; an empty one is taken too.

    Raises:
        UsageError: `to` holds something, or the checkout lacks a part.
        KataError: A file for the learner holds what a learner must not see.
    """
    names = [chapter.name for chapter in wanted]
    check_place(to.absolute().resolve(), _refuse)
    chapters, files = _searched(root, course, names)
    with draft(to, _refuse) as made:
        try:
            for name, content in files.items():
                path = made.folder / name
                path.parent.mkdir(parents=True, exist_ok=True)
                path.write_bytes(content)
        except OSError as error:
            raise UsageError(f"{to} cannot be written: {error.strerror}") from None
        check_place(made.place, _refuse)  # it may have changed meanwhile
        made.keep()
    along = tuple(c.name for c in chapters if c.name not in names)
    return Bundle(made.place, chapters, along, len(files))


def add(root: Path, course: Course, wanted: Iterable[Chapter], to: Path) -> Added:
    """Add chapters to a learner's repository, and bring what is the course's own there up to date.

    The grader, the suites and the manifest are the course's own. Anything else is written where it
    is not there, or is what was released before; what somebody has changed is left alone.

    Args:
        root: The checkout.
        course: Its course.
        wanted: The chapters to add; what they import comes along.
        to: A folder that `bundle` made.

    Raises:
        UsageError: `to` is no such folder, or cannot be written.
        KataError: A file for the learner holds what a learner must not see.
    """
    manifest = to / "exercises" / "course.toml"
    if not manifest.is_file() or (to / "solutions").exists():
        raise UsageError(
            f"{to} is no learner's repository: nothing can be added to it; "
            "`kata release --to` makes one"
        )
    there = [course.chapter(chapter.name).name for chapter in load_course(manifest).chapters]
    _, before = _files(root, course, there)
    chapters, files = _searched(root, course, [*there, *(chapter.name for chapter in wanted)])
    written, kept = 0, []
    try:
        for name, content in sorted(files.items()):
            path = to / name
            found = path.read_bytes() if path.is_file() else None
            if found is not None and not name.startswith(OWN) and found != before.get(name):
                kept += [name] if found != content else []
            elif found != content:
                with replacing(path) as new:
                    new.write_bytes(content)
                written += 1
    except OSError as error:
        raise UsageError(f"{error.filename or to} cannot be written: {error.strerror}") from None
    added = tuple(c.name for c in chapters if c.name not in there)
    return Added(added, written, tuple(kept))


def _files(
    root: Path, course: Course, names: list[str]
) -> tuple[tuple[Chapter, ...], dict[str, bytes]]:
    """These chapters with what they import, and the files of a repository of them."""
    stubs = _stubs(root, course)
    kept = _with_imported(names, stubs)
    chapters = tuple(c for c in course.chapters if c.name in kept)
    return chapters, learner_files(
        root, course, chapters, {c.name: stubs[c.name] for c in chapters}
    )


def _searched(
    root: Path, course: Course, names: list[str]
) -> tuple[tuple[Chapter, ...], dict[str, bytes]]:
    """The same, of files that hold nothing secret."""
    chapters, files = _files(root, course, names)
    if found := leaks(files, secret_lines(root)):
        more = f" (and {len(found) - 1} more)" if len(found) > 1 else ""
        raise KataError(f"nothing was released, since a learner must not see {found[0]}{more}")
    return chapters, files


def _refuse(folder: Path) -> None:
    raise UsageError(
        f"{folder} is not empty, and may hold a learner's work; name a folder that does not exist "
        "yet, or let --add bring chapters into a learner's repository"
    )


def learner_files(
    root: Path, course: Course, chapters: tuple[Chapter, ...], stubs: Mapping[str, str]
) -> dict[str, bytes]:
    """The files of a learner's repository, by their paths in it."""
    manifest = _manifest(root, course, chapters)
    files = {f"exercises/{name}.py": text.encode() for name, text in stubs.items()}
    files["exercises/course.toml"] = manifest.encode()
    files |= tree(root / "exercises" / "data", "exercises/data")
    for chapter in chapters:
        name = f"tests/{chapter.name}/test_visible.py"
        files |= read_one(root, name)
    files |= read_one(HOME, "tests/conftest.py")
    files |= grader_files()
    for name in ("LICENSE", "constraints.txt"):
        files |= read_one(HOME, name)
    words = _readme_words(course, chapters) | project_words("train")
    for name, content in tree(TEMPLATES / "learner", "").items():
        if name in FILLED:
            content = Template(content.decode("utf-8")).substitute(words).encode()
        files[PLACES.get(name, name)] = content
    workflow = (TEMPLATES / "workflows" / "classroom.yml").read_bytes()
    return files | {".github/workflows/classroom.yml": workflow}


def grader_files() -> dict[str, bytes]:
    """The grader's own files."""
    return tree(HERE, "grader")


def tree(folder: Path, prefix: str) -> dict[str, bytes]:
    """The regular files under a folder, but none that a program or a system left there."""
    found = {}
    for path in sorted(folder.rglob("*")):
        parts = path.relative_to(folder).parts
        if any(part.startswith((".", "__pycache__")) or part.endswith("~") for part in parts):
            continue
        if path.suffix != ".pyc" and path.is_file() and not path.is_symlink():
            found["/".join((*([prefix] if prefix else []), *parts))] = path.read_bytes()
    return found


def read_one(folder: Path, name: str) -> dict[str, bytes]:
    """One file that must be there, by its path.

    Raises:
        UsageError: It is not there.
    """
    try:
        return {name: (folder / name).read_bytes()}
    except OSError:
        raise UsageError(
            f"{folder / name} is not there; `kata release` needs the project's checkout"
        ) from None


def _stubs(root: Path, course: Course) -> dict[str, str]:
    needs_solutions(root, "release")
    found = {}
    for chapter in course.chapters:
        content = read_one(root, f"solutions/{chapter.name}.py").popitem()[1]
        found[chapter.name] = stub_of(content.decode("utf-8"), chapter.name)
    return found


def _with_imported(names: list[str], stubs: Mapping[str, str]) -> set[str]:
    """These chapters and all that they import."""
    found: set[str] = set()
    waiting = list(names)
    while waiting:
        name = waiting.pop()
        if name in stubs and name not in found:
            found.add(name)
            for node in ast.walk(ast.parse(stubs[name])):
                if isinstance(node, ast.ImportFrom) and node.level == 1:
                    waiting += [node.module] if node.module else [a.name for a in node.names]
    return found


def _manifest(root: Path, course: Course, chapters: tuple[Chapter, ...]) -> str:
    """course.toml without the other chapters.

    Raises:
        KataError: The text is not laid out chapter by chapter.
    """
    text = (root / "exercises" / "course.toml").read_text(encoding="utf-8")
    head, *blocks = re.split(r"(?m)^(?=\[\[chapters\]\]\s*$)", text)
    names = {c.name for c in chapters}
    kept = [b for b in blocks if tomllib.loads(b)["chapters"][0]["name"] in names]
    made = head + "".join(kept)
    if _read_back(made) != (chapters, course.limits):
        raise KataError("course.toml: `kata release` cannot cut it into chapters")
    return made


def _read_back(text: str) -> tuple[Any, Any]:
    import tempfile

    with tempfile.TemporaryDirectory(prefix="kata-") as folder:
        path = Path(folder) / "course.toml"
        path.write_text(text, encoding="utf-8")
        made = load_course(path)
    return made.chapters, made.limits


def project_words(extra: str) -> dict[str, str]:
    """What a released pyproject.toml has from the project's own, with one of its extras."""
    content = read_one(HOME, "pyproject.toml").popitem()[1]
    data = tomllib.loads(content.decode("utf-8"))
    project, tools = data["project"], data["tool"]["setuptools"]
    words = {name: project[name] for name in ("name", "version", "description", "license")}
    return words | {
        "python": project["requires-python"],
        "requires": _toml(data["build-system"]["requires"]),
        "dependencies": _toml(project["dependencies"]),
        "extras": f"{extra} = {_toml(project['optional-dependencies'][extra])}",
        "packages": _toml(tools["packages"]),
        "data": _toml(tools["package-data"]["grader"]),
    }


def _toml(values: list[str]) -> str:
    return json.dumps(values, indent=2) if len(values) > 1 else json.dumps(values)


def _readme_words(course: Course, chapters: tuple[Chapter, ...]) -> dict[str, str]:
    rows = [
        f"| `{c.name}` | {c.sections} | {len(c.exercises)} | {sum(e.points for e in c.exercises)} |"
        for c in chapters
    ]
    first = chapters[0]
    outlook = "`kata --help` shows every command."
    if {c.name for c in chapters} >= FOR_A_MODEL:
        outlook = (
            "When chapters 2 to 5 are done, `kata train pretrain` trains a small GPT on your code, "
            "and `kata build --out models/mine`\nmakes a full-size GPT-2 out of it: "
            '`kata generate --model models/mine "Hello, I am"`.'
        )
    return {
        "title": course.title,
        "table": "\n".join(rows),
        "chapter": first.name,
        "example": f"{first.name}.{first.exercises[0].name}",
        "outlook": outlook,
    }
