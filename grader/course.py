"""`exercises/course.toml` as frozen dataclasses.

Errors name the key, so that whoever edits the file knows where to look.
"""

from __future__ import annotations

import tomllib
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, fields
from pathlib import Path
from typing import Any

from .errors import UsageError

SCHEMA = 1


@dataclass(frozen=True)
class Rule:
    """What an exercise may not use, because it is what the exercise teaches.

    Attributes:
        name: The rule's key in course.toml.
        says: The sentence that a learner reads.
        operators: aten operators, by base name; every overload is closed.
        composites: Dotted names of Python classes and functions.
        modules: Top-level modules that may not be imported.
    """

    name: str
    says: str
    operators: tuple[str, ...]
    composites: tuple[str, ...]
    modules: tuple[str, ...]


@dataclass(frozen=True)
class Exercise:
    """One public function or class of a chapter."""

    chapter: str
    name: str
    points: int
    needs: tuple[str, ...]
    hints: tuple[str, ...]
    rules: tuple[Rule, ...]

    @property
    def id(self) -> str:
        """`ch03_attention.CausalAttention`."""
        return f"{self.chapter}.{self.name}"


@dataclass(frozen=True)
class Chapter:
    """One module.

    Attributes:
        name: The module's name.
        title: The title in the book.
        sections: The sections of the book.
        exercises: In the order of teaching.
        preload: Modules that its code loads when it runs, imported once before workers are forked.
        oracles: Modules that its suite loads when it runs, imported once before the judge forks.
    """

    name: str
    title: str
    sections: str
    exercises: tuple[Exercise, ...]
    preload: tuple[str, ...] = ()
    oracles: tuple[str, ...] = ()

    def exercise(self, name: str) -> Exercise:
        """The exercise of that name.

        Raises:
            UsageError: There is none.
        """
        for exercise in self.exercises:
            if exercise.name == name:
                return exercise
        names = ", ".join(e.name for e in self.exercises)
        raise UsageError(f"{self.name} has no exercise {name!r}; it has {names}")


@dataclass(frozen=True)
class Limits:
    """What a subject may use.

    Attributes:
        call_seconds: For one call.
        test_seconds: For one test.
        chapter_seconds: For all tests of a chapter together.
        cpu_seconds: Processor time of one test, of all its threads.
        memory_mb: MiB of memory in one test.
        scratch_mb: MiB of files in one test.
    """

    call_seconds: int = 10
    test_seconds: int = 60
    chapter_seconds: int = 300
    cpu_seconds: int = 120
    memory_mb: int = 4096
    scratch_mb: int = 256


@dataclass(frozen=True)
class Course:
    """Every chapter, in the order in which they are taught."""

    title: str
    chapters: tuple[Chapter, ...]
    limits: Limits = Limits()

    def chapter(self, name: str) -> Chapter:
        """The chapter of that name, or the only one that begins so (`ch03`).

        Raises:
            UsageError: There is none, or more than one.
        """
        found = [c for c in self.chapters if c.name == name]
        found = found or [c for c in self.chapters if name and c.name.startswith(name)]
        if len(found) != 1:
            names = ", ".join(c.name for c in self.chapters)
            raise UsageError(f"no chapter {name!r}; the chapters are {names}")
        return found[0]

    def find(self, target: str) -> tuple[Chapter, Exercise | None]:
        """`ch03`, `ch03.softmax`, `ch03_attention.softmax` or plain `softmax`.

        Raises:
            UsageError: Nothing, or more than one thing, has that name.
        """
        head, _, tail = target.partition(".")
        if tail:
            chapter = self.chapter(head)
            return chapter, chapter.exercise(tail)
        hits = [(c, e) for c in self.chapters for e in c.exercises if e.name == target]
        if len(hits) == 1:
            return hits[0]
        return self.chapter(target), None

    def before(self, name: str) -> tuple[Chapter, ...]:
        """The chapters taught before the one of that name."""
        names = [c.name for c in self.chapters]
        return self.chapters[: names.index(name)]


def find_root() -> Path:
    """The nearest folder upwards with exercises/course.toml, else the grader's own checkout.

    Raises:
        UsageError: There is none.
    """
    here = Path.cwd()
    for folder in [here, *here.parents, Path(__file__).resolve().parent.parent]:
        if (folder / "exercises" / "course.toml").is_file():
            return folder
    raise UsageError("no exercises/course.toml here or above; run kata inside the course's folder")


def preloads(chapters: Iterable[Chapter]) -> list[str]:
    """The modules that workers of these chapters need, each once."""
    return list(dict.fromkeys(name for chapter in chapters for name in chapter.preload))


def load_course(path: Path) -> Course:
    """Read course.toml.

    Raises:
        UsageError: The file is not there, is not TOML, or a key is missing or of the wrong type.
    """
    try:
        data = tomllib.loads(path.read_text(encoding="utf-8"))
    except OSError as error:
        raise UsageError(f"{path}: cannot be read ({error.strerror})") from None
    except (tomllib.TOMLDecodeError, UnicodeDecodeError) as error:
        raise UsageError(f"{path}: not valid TOML: {error}") from None
    top = _Table(path.name, data)
    if (schema := top.get("schema", int)) != SCHEMA:
        raise UsageError(f"{path.name}: schema is {schema}, this grader reads {SCHEMA}")
    rules = {name: _rule(name, t) for name, t in top.tables("rules").items()}
    chapters = tuple(_chapter(t, rules) for t in top.list_of_tables("chapters"))
    course = Course(top.get("title", str), chapters, _limits(top.table("limits")))
    names = [c.name for c in chapters]
    if duplicate := next((n for n in names if names.count(n) > 1), None):
        raise UsageError(f"{path.name}: chapter {duplicate!r} stands there twice")
    return course


def _limits(table: _Table) -> Limits:
    known = {field.name for field in fields(Limits)}
    if unknown := sorted(set(table.data) - known):
        raise UsageError(f"{table.where} has no {unknown[0]!r}; it has {', '.join(sorted(known))}")
    return Limits(**{name: table.get(name, int) for name in table.data})


def _rule(name: str, table: _Table) -> Rule:
    return Rule(
        name=name,
        says=table.get("says", str),
        operators=table.strings("operators"),
        composites=table.strings("composites"),
        modules=table.strings("modules"),
    )


def _chapter(table: _Table, rules: Mapping[str, Rule]) -> Chapter:
    name = table.get("name", str)
    shared = table.strings("rules")
    exercises = tuple(_exercise(name, shared, t, rules) for t in table.list_of_tables("exercises"))
    known: list[str] = []
    for exercise in exercises:
        if exercise.name in known:
            raise UsageError(f"course.toml: {exercise.id} stands there twice")
        for need in exercise.needs:
            if need not in known:
                raise UsageError(f"course.toml: {exercise.id} needs {need!r}, not taught before it")
        known.append(exercise.name)
    return Chapter(
        name=name,
        title=table.get("title", str),
        sections=table.get("sections", str),
        exercises=exercises,
        preload=table.strings("preload"),
        oracles=table.strings("oracles"),
    )


def _exercise(
    chapter: str, shared: tuple[str, ...], table: _Table, rules: Mapping[str, Rule]
) -> Exercise:
    name = table.get("name", str)
    points = table.get("points", int)
    if not 1 <= points <= 5:
        raise UsageError(f"course.toml: {chapter}.{name}.points is {points}, not 1 to 5")
    wanted = (*shared, *table.strings("rules"))
    if unknown := [r for r in wanted if r not in rules]:
        raise UsageError(f"course.toml: {chapter}.{name}.rules names {unknown[0]!r}, no such rule")
    return Exercise(
        chapter=chapter,
        name=name,
        points=points,
        needs=table.strings("needs"),
        hints=table.strings("hints"),
        rules=tuple(rules[r] for r in wanted),
    )


class _Table:
    """A TOML table that knows its own name, so that errors can say it."""

    def __init__(self, where: str, data: Mapping[str, Any]) -> None:
        self.where, self.data = where, data

    def get(self, key: str, kind: type) -> Any:
        value = self.data.get(key)
        if not isinstance(value, kind) or isinstance(value, bool):
            came = "missing" if value is None else f"{value!r}"
            raise UsageError(f"{self.where}: {key} must be a {kind.__name__}, and is {came}")
        return value

    def strings(self, key: str) -> tuple[str, ...]:
        value = self.data.get(key, [])
        if not isinstance(value, list) or not all(isinstance(v, str) for v in value):
            raise UsageError(f"{self.where}: {key} must be a list of strings, and is {value!r}")
        return tuple(value)

    def table(self, key: str) -> _Table:
        value = self.data.get(key, {})
        if not isinstance(value, dict):
            raise UsageError(f"{self.where}: {key} must be a table, and is {value!r}")
        return _Table(f"{self.where}: {key}", value)

    def tables(self, key: str) -> dict[str, _Table]:
        value = self.data.get(key, {})
        if not isinstance(value, dict) or not all(isinstance(v, dict) for v in value.values()):
            raise UsageError(f"{self.where}: {key} must be a table of tables")
        return {name: _Table(f"{self.where}: {key}.{name}", t) for name, t in value.items()}

    def list_of_tables(self, key: str) -> list[_Table]:
        value = self.data.get(key, [])
        if not isinstance(value, list) or not all(isinstance(v, dict) for v in value):
            raise UsageError(f"{self.where}: {key} must be a list of tables")
        return [_Table(f"{self.where}: {key}.{t.get('name', i)}", t) for i, t in enumerate(value)]
