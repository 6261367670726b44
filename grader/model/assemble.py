"""gpt2.py: the chapters' code and our main part, joined into one readable file.

What `load_gpt2`, `GPTModel` and the main part need is kept as its author wrote it, comments and
docstrings included, in the order of the chapters. What they do not need is left out. Imports
between chapters go; the others move to the top. Where two chapters mean different things by one
name, the later one's is renamed. Every changed statement is parsed again and compared with what
it should have become, so a change that went wrong is an error here and never a wrong program.
"""

from __future__ import annotations

import ast
import builtins
import re
import stat
import sys
import textwrap
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import NoReturn

from ..errors import KataError, SubjectMissing
from ..subject import read_source
from .rewrite import Edits
from .scopes import External, Item, Module, NestedImport, OutsideImport, Target, Use

MAIN_PART = "main_part"
ROOTS = (("ch04_gpt", "GPTModel"), ("ch05_pretraining", "load_gpt2"))
# What gpt2.py may import beside the standard library.
ALLOWED = frozenset({"torch", "tiktoken"})
BUILTINS = frozenset(dir(builtins))
WIDTH = 100

DOCSTRING = '''"""{title}

Put together by `kata build` from the chapters {chapters}.
It loads the folder that it lies in, and needs torch and tiktoken only:

    python gpt2.py "Every effort moves you" --max-new-tokens 40 --temperature 0.8 --top-k 40
"""'''


@dataclass(frozen=True)
class Assembled:
    """A stand-alone gpt2.py.

    Attributes:
        text: The source.
        names: What became of names: "ch05_pretraining.load_gpt2" -> its name in `text`.
        origins: For each line of `text`, the chapter and the line that it comes from.
        chapters: The files of the chapters in it, in order.
    """

    text: str
    names: Mapping[str, str]
    origins: Sequence[tuple[str, int] | None]
    chapters: Mapping[str, Path]

    def origin(self, line: int) -> tuple[str, int] | None:
        """The chapter and its line that line `line` (from 1) of `text` comes from."""
        return self.origins[line - 1] if 0 < line <= len(self.origins) else None


@dataclass(frozen=True)
class _Variable:
    """A module-level name of a chapter that is bound there."""

    chapter: str
    name: str


@dataclass(frozen=True)
class _Imported:
    """A name imported from outside the course; the same one in every chapter that has it."""

    name: str
    dotted: str


_Owner = _Variable | _Imported


def assemble(subject: Path, reference: Path, title: str) -> Assembled:
    """Join a subject's chapters into gpt2.py.

    Args:
        subject: Folder with the chapters.
        reference: Folder from which a chapter is taken that the subject does not have.
        title: First line of the file's docstring.

    Returns:
        The file and where its lines come from.

    Raises:
        KataError: A chapter cannot be read or is not Python, lacks what another imports from it,
            or imports something that gpt2.py may not.
    """
    return _Joiner(_Shelf(subject, reference)).join(title)


class _Shelf:
    """The chapters that a subject can import, parsed when first asked for."""

    def __init__(self, subject: Path, reference: Path) -> None:
        self.folders = (subject, reference)
        self.modules: dict[str, Module] = {}
        self.paths: dict[str, Path] = {}

    def _find(self, name: str) -> Path | None:
        if name == MAIN_PART:
            return Path(__file__).parent
        for folder in self.folders:
            try:
                (folder / f"{name}.py").lstat()
            except (OSError, ValueError):
                continue
            return folder
        return None

    def is_chapter(self, name: str) -> bool:
        """Whether `import name` means a file of the subject or the reference."""
        if not name.isidentifier() or name in sys.stdlib_module_names or name in ALLOWED:
            return False
        folder = self._find(name)
        return folder is not None and stat.S_ISREG((folder / f"{name}.py").lstat().st_mode)

    def module(self, name: str, wanted_by: str = "") -> Module:
        """The chapter of that name.

        Raises:
            KataError: It is not there, cannot be read, or is not Python.
        """
        if name in self.modules:
            return self.modules[name]
        folder = self._find(name)
        if folder is None:
            raise KataError(f"{wanted_by or 'gpt2.py'} needs {name}.py, which is not there")
        self.paths[name] = folder / f"{name}.py"
        try:
            text = read_source(folder, name).text.replace("\r\n", "\n").replace("\r", "\n")
            self.modules[name] = Module(name, text, self.is_chapter)
        except SubjectMissing as error:
            raise KataError(f"{error} ({folder})") from None
        except SyntaxError as error:
            raise KataError(
                f"{name}.py line {error.lineno} is not Python: {error.msg}; "
                f"mend it ({check_command(name)}) and build again"
            ) from None
        except (RecursionError, MemoryError):
            raise KataError(f"{name}.py is nested too deeply to be read") from None
        except OutsideImport as error:
            raise KataError(
                f"{name}.py line {error.line} says `{error}`, which gpt2.py cannot follow: import "
                "the names one by one, from .chNN_topic, at the top of the file"
            ) from None
        return self.modules[name]


def check_command(chapter: str) -> str:
    """The command that checks a chapter: `kata check ch04` for ch04_gpt."""
    short = re.match(r"ch\d+", chapter)
    return f"kata check {short[0] if short else chapter}"


@dataclass
class _Plan:
    """What is kept, and under which names."""

    needed: set[_Owner] = field(default_factory=set)
    items: dict[str, set[int]] = field(default_factory=dict)
    imports: dict[_Imported, list[tuple[str, External]]] = field(default_factory=dict)
    names: dict[_Owner, str] = field(default_factory=dict)
    aliases: dict[str, dict[_Owner, str]] = field(default_factory=dict)


class _Joiner:
    """Finds what is needed, names it, and writes it down."""

    def __init__(self, shelf: _Shelf) -> None:
        self.shelf = shelf
        self.plan = _Plan()
        self.roots: dict[str, _Owner] = {}

    def join(self, title: str) -> Assembled:
        for chapter, name in ROOTS:
            owner = self.lookup(Target(chapter, name), "gpt2.py")
            if not isinstance(owner, _Variable):
                raise KataError(
                    f"{chapter}.py imports {name} from elsewhere; {check_command(chapter)} tells "
                    "what to write"
                )
            self.roots[f"{chapter}.{name}"] = owner
            self._need(owner)
        main = self.shelf.module(MAIN_PART)
        for index, item in enumerate(main.items):
            if not _is_docstring(item):
                self._keep(main, index)
        self._follow_changes()
        order = self._order()
        self._give_names(order)
        return self._write(title, order)

    # What is needed

    def lookup(self, target: Target, at: str) -> _Owner | Target | None:
        """What a name of a chapter is in the end; None where Python would look at builtins."""
        seen = []
        while target.name is not None:
            seen.append(target)
            module = self.shelf.module(target.chapter, at)
            if target.name in module.variables:
                return _Variable(target.chapter, target.name)
            if target.name in module.externals:
                external = module.externals[target.name]
                owner = _Imported(target.name, external.dotted)
                uses = self.plan.imports.setdefault(owner, [])
                if (target.chapter, external) not in uses:
                    uses.append((target.chapter, external))
                return owner
            stars = [s for s in module.stars if target.name in self.shelf.module(s, at).public()]
            if target.name in module.chapters:
                target = module.chapters[target.name]
            elif stars:
                target = Target(stars[-1], target.name)
            elif len(seen) == 1 and not at:
                return None
            else:
                raise KataError(
                    f"{at} takes {target.name} from {target.chapter}.py, which does not define it; "
                    f"{check_command(target.chapter)} tells what is missing"
                )
            if target in seen:
                raise KataError(f"{at}: chapters import {target.name} from each other in a circle")
            line = module.line_of(seen[-1].name or "")
            at = f"{module.name}.py line {line}" if line else f"{module.name}.py"
        self.shelf.module(target.chapter, at)
        return target

    def meaning(self, module: Module, use: Use) -> _Owner | None:
        """What a reference stands for; None for a builtin."""
        at = _place(module, use.node)
        if use.target is not None:
            meaning = self.lookup(use.target, at)
        else:
            meaning = self.lookup(Target(module.name, use.name), "")
        if not isinstance(meaning, Target):
            return meaning
        found: _Owner | Target | None = meaning
        if use.attribute is not None and isinstance(use.attribute.ctx, ast.Load):
            found = self.lookup(Target(meaning.chapter, use.attribute.attr), at)
        if isinstance(found, Target):
            raise KataError(
                f"{at} uses the chapter {found.chapter} as a thing of its own; in one file there "
                "are no chapters: import its names one by one and build again"
            )
        return found

    def _need(self, owner: _Owner | Target | None) -> None:
        if owner is None or isinstance(owner, Target) or owner in self.plan.needed:
            return
        self.plan.needed.add(owner)
        if isinstance(owner, _Variable):
            module = self.shelf.module(owner.chapter)
            for index, item in enumerate(module.items):
                if owner.name in item.binds and not _is_dropped(item):
                    self._keep(module, index)

    def _keep(self, module: Module, index: int) -> None:
        kept = self.plan.items.setdefault(module.name, set())
        if index in kept:
            return
        kept.add(index)
        item = module.items[index]
        if isinstance(item.node, ast.Import | ast.ImportFrom):
            for _, target in self.import_lines(module, item):
                if isinstance(target, Target):
                    self._need(self.lookup(target, _place(module, item.node)))
            return
        for use in item.uses:
            if not self.moves_away(module, use):
                self._need(self.meaning(module, use))
        for nested in item.nested:
            for target in nested.assigns.values():
                self._need(self.lookup(target, _place(module, nested.node)))
        for name, line in item.foreign:
            self.check_foreign(name, f"{module.name}.py line {line}")

    def moves_away(self, module: Module, use: Use) -> bool:
        """Whether it is only the binding of a name by an import that moves away."""
        return isinstance(use.node, ast.Import | ast.ImportFrom) and (
            use.name in module.chapters or use.name in module.externals
        )

    def import_lines(self, module: Module, item: Item) -> Iterator[tuple[str, Target | None]]:
        """Names that a top-level import must go on binding: something else binds them too."""
        assert isinstance(item.node, ast.Import | ast.ImportFrom)
        targets: Mapping[str, Target | None]
        targets = module.chapter_import(item.node) or dict.fromkeys(item.binds)
        for name, target in targets.items():
            if name in module.variables:
                yield name, target

    def check_foreign(self, name: str, at: str) -> None:
        if name not in sys.stdlib_module_names and name not in ALLOWED:
            raise KataError(
                f"{at} imports {name}, and gpt2.py stands alone with torch, tiktoken and the "
                f"standard library: write what you need from {name} yourself"
            )

    def _follow_changes(self) -> None:
        """Keep what may change a kept thing, such as `CONFIGS.update(...)`, until nothing new."""
        count = -1
        while count != sum(len(kept) for kept in self.plan.items.values()):
            count = sum(len(kept) for kept in self.plan.items.values())
            for name in list(self.plan.items):
                module = self.shelf.module(name)
                for index, item in enumerate(module.items):
                    if index not in self.plan.items[name] and self._changes_kept(module, item):
                        self._keep(module, index)

    def _changes_kept(self, module: Module, item: Item) -> bool:
        if _is_dropped(item):
            return False
        touched = set(item.touches)
        for name in item.calls:
            # A function that runs at once (a decorator too) may change what it mentions.
            for called in module.items:
                if name in called.binds and called.defines:
                    touched |= {u.name for u in called.uses if not _defined(module, u.name)}
        for name in touched:
            if name in module.variables or name in module.chapters:
                target = module.chapters.get(name, Target(module.name, name))
                owner = self.lookup(target, "") if target.name is not None else None
                if isinstance(owner, _Variable) and owner in self.plan.needed:
                    return True
        return False

    # In which order, and under which names

    def _order(self) -> list[str]:
        """The chapters with something kept, each after those that it imports."""
        order: list[str] = []

        def visit(name: str, path: tuple[str, ...]) -> None:
            if name in order or name in path or name not in self.shelf.modules:
                return
            module = self.shelf.module(name)
            inner = [t.chapter for i in module.items for u in i.uses if (t := u.target)]
            before = [*(t.chapter for t in module.chapters.values()), *module.stars, *inner]
            before += [t.chapter for i in module.items for t in _assigned(module, i)]
            for chapter in sorted(set(before)):
                visit(chapter, (*path, name))
            order.append(name)

        visit(MAIN_PART, ())
        for name in sorted(self.plan.items):
            visit(name, ())
        order = [name for name in order if name in self.plan.items and name != MAIN_PART]
        return [*order, MAIN_PART]

    def _give_names(self, order: Sequence[str]) -> None:
        self.words = {w for n in order for w in re.findall(r"\w+", self.shelf.module(n).text)}
        builtin = {name: self._builtins_of(self.shelf.module(name)) for name in order}
        taken: dict[str, _Owner] = {}
        for chapter in order:
            elsewhere = {n for other in order if other != chapter for n in builtin[other]}
            for owner in self._owners(self.shelf.module(chapter)):
                if owner in self.plan.names:
                    continue
                name = owner.name
                if taken.get(name, owner) != owner or name in elsewhere:
                    name = self._fresh(name, chapter)
                taken[name] = owner
                self.plan.names[owner] = name

    def _owners(self, module: Module) -> list[_Owner]:
        """What a chapter brings along: imports first, then its names in order."""
        found: list[_Owner] = [
            owner
            for owner, uses in self.plan.imports.items()
            if owner in self.plan.needed and any(chapter == module.name for chapter, _ in uses)
        ]
        names = [
            use.name
            for index in sorted(self.plan.items[module.name])
            for use in module.items[index].uses
            if use.name in module.variables
        ]
        owners = [_Variable(module.name, name) for name in dict.fromkeys(names)]
        return [*found, *(o for o in owners if o in self.plan.needed)]

    def _builtins_of(self, module: Module) -> set[str]:
        """Names that mean Python's own in the kept part of a chapter."""
        return {
            use.name
            for index in self.plan.items[module.name]
            for use in module.items[index].uses
            if use.name in BUILTINS and self.meaning(module, use) is None
        }

    def _fresh(self, name: str, chapter: str) -> str:
        tag = chapter.split("_")[0]
        fresh, number = f"{name}_{tag}", 2
        while fresh in self.words:
            fresh, number = f"{name}_{tag}_{number}", number + 1
        self.words.add(fresh)
        return fresh

    def name_in(self, module: Module, owner: _Owner, around: frozenset[str]) -> str:
        """The name to write where `around` are local; another one where they would capture it."""
        name = self.plan.names[owner]
        if name not in around:
            return name
        aliases = self.plan.aliases.setdefault(module.name, {})
        if owner not in aliases:
            aliases[owner] = self._fresh(name, module.name)
        return aliases[owner]

    # Writing it down

    def _write(self, title: str, order: Sequence[str]) -> Assembled:
        sections = {name: self._section(self.shelf.module(name)) for name in order}
        chapters = [name for name in order if name != MAIN_PART]
        head = DOCSTRING.format(title=title, chapters=_listed(chapters))
        lines: list[tuple[str, tuple[str, int] | None]] = [
            (line, None) for text in head.split("\n") for line in textwrap.wrap(text, WIDTH) or [""]
        ]
        for group in self._import_groups():
            lines += [("", None), *((line, None) for line in group)]
        for name in order:
            lines += [("", None), *self._heading(name), ("", None), *sections[name], ("", None)]
        del lines[-1]
        names = {
            f"{owner.chapter}.{owner.name}": name
            for owner, name in self.plan.names.items()
            if isinstance(owner, _Variable)
        }
        for root, owner in self.roots.items():
            names[root] = self.plan.names[owner]
        return Assembled(
            text="\n".join(line for line, _ in lines) + "\n",
            names=names,
            origins=[origin for _, origin in lines],
            chapters={name: self.shelf.paths[name] for name in chapters},
        )

    def _heading(self, name: str) -> list[tuple[str, None]]:
        if name == MAIN_PART:
            return [("# The main part: tokenizer, sampling and the command line.", None)]
        said = " ".join(self.shelf.module(name).docstring.split("\n\n")[0].split())
        said = re.sub(r"^Chapter \d+: ", "", said)
        text = f"From {name}: {said}" if said else f"From {name}."
        return [(f"# {line}", None) for line in textwrap.wrap(text, WIDTH - 2)]

    def _import_groups(self) -> Iterator[list[str]]:
        if futures := sorted({f for n in self.plan.items for f in self.shelf.module(n).futures}):
            yield [f"from __future__ import {', '.join(futures)}"]
        plain: set[tuple[str, str | None]] = set()
        members: dict[str, set[tuple[str, str | None]]] = {}
        for owner, uses in self.plan.imports.items():
            if owner not in self.plan.needed:
                continue
            for module, name, asname in self._lines_of(owner, uses):
                if name is None:
                    plain.add((module, asname))
                else:
                    members.setdefault(module, set()).add((name, asname))
        for standard in (True, False):
            group = [
                f"import {_as(module, asname)}"
                for module, asname in sorted(plain, key=lambda p: (p[0], p[1] or ""))
                if (module.partition(".")[0] in sys.stdlib_module_names) == standard
            ]
            for module in sorted(members):
                if (module.partition(".")[0] in sys.stdlib_module_names) == standard:
                    group += _from_lines(module, members[module])
            if group:
                yield group

    def _lines_of(
        self, owner: _Imported, uses: Sequence[tuple[str, External]]
    ) -> Iterator[tuple[str, str | None, str | None]]:
        wanted = self.plan.names[owner]
        for chapter, external in uses:
            for module, name, asname in external.lines:
                line = self.shelf.module(chapter).line_of(owner.name)
                self.check_foreign(module.partition(".")[0], f"{chapter}.py line {line}")
                if name is None and asname is None and wanted != owner.name:
                    if module != owner.name:
                        raise KataError(
                            f"{chapter}.py says `import {module}`, and another chapter means "
                            f"something else by {owner.name}; write `import {module} as ...`"
                        )
                    asname = wanted
                elif wanted != owner.name:
                    asname = wanted
                yield module, name, asname
                if asname or name:
                    return  # `import a.b as x` and `from a import b as x` bind one thing

    def _section(self, module: Module) -> list[tuple[str, tuple[str, int] | None]]:
        writer = _Writer(self, module)
        parts = [
            (module.items[i], writer.item(module.items[i]))
            for i in sorted(self.plan.items[module.name])
        ]
        parts = [(item, lines) for item, lines in parts if lines]
        out: list[tuple[str, tuple[str, int] | None]] = []
        aliases = self.plan.aliases.get(module.name, {})
        out += [(f"{alias} = {self.plan.names[owner]}", None) for owner, alias in aliases.items()]
        before: Item | None = None
        for item, lines in parts:
            if before is not None or out:
                out += [("", None)] * _blank_lines(module, before, item)
            elif item.defines:
                out.append(("", None))
            out += [(text, (module.name, line)) for text, line in lines]
            before = item
        return out


def _is_docstring(item: Item) -> bool:
    return isinstance(item.node, ast.Expr) and isinstance(item.node.value, ast.Constant)


def _is_dropped(item: Item) -> bool:
    """Statements that mean nothing in another file: guards, checks, and what ends names."""
    node = item.node
    if isinstance(node, ast.If) and "__name__" in {u.name for u in item.uses}:
        return any(isinstance(n, ast.Name) and n.id == "__name__" for n in ast.walk(node.test))
    if isinstance(node, ast.Delete):
        return all(isinstance(target, ast.Name) for target in node.targets)
    return (
        isinstance(node, ast.Assert | ast.Pass) or _is_docstring(item) or item.binds == {"__all__"}
    )


def _defined(module: Module, name: str) -> bool:
    return any(item.defines and name in item.binds for item in module.items)


def _assigned(module: Module, item: Item) -> list[Target]:
    if isinstance(item.node, ast.Import | ast.ImportFrom):
        return list((module.chapter_import(item.node) or {}).values())
    return [t for n in item.nested for t in n.assigns.values()]


def _place(module: Module, node: ast.AST | None) -> str:
    line = getattr(node, "lineno", None)
    return f"{module.name}.py line {line}" if line else f"{module.name}.py"


def _listed(names: Sequence[str]) -> str:
    return " and ".join(n for n in (", ".join(names[:-1]), *names[-1:]) if n)


def _as(name: str, asname: str | None) -> str:
    return f"{name} as {asname}" if asname and asname != name else name


def _from_lines(module: str, members: set[tuple[str, str | None]]) -> list[str]:
    def order(member: tuple[str, str | None]) -> tuple[int, str, str]:
        name = member[0]
        kind = 0 if name.isupper() and len(name) > 1 else 1 if name[:1].isupper() else 2
        return kind, name, member[1] or ""

    names = list(dict.fromkeys(_as(*member) for member in sorted(members, key=order)))
    line = f"from {module} import {', '.join(names)}"
    if len(line) <= WIDTH:
        return [line]
    return [f"from {module} import (", *(f"    {name}," for name in names), ")"]


def _blank_lines(module: Module, before: Item | None, item: Item) -> int:
    if item.defines or before is None or before.defines:
        return 2
    adjacent = module.items.index(item) - module.items.index(before) == 1
    gap = item.node.lineno - (before.node.end_lineno or 0)
    return 0 if adjacent and gap <= 1 else 1


class _Writer:
    """Writes the kept statements of one chapter, with names changed where they must be."""

    def __init__(self, joiner: _Joiner, module: Module) -> None:
        self.joiner, self.module = joiner, module
        self.comments, self.markers = module.own_line_comments()

    def item(self, item: Item) -> list[tuple[str, int]]:
        """The lines of a statement, each with its number in the chapter."""
        if isinstance(item.node, ast.Import | ast.ImportFrom):
            return self._import(item)
        edits = Edits(self.module, item)
        for use in item.uses:
            self._rename(edits, item, use)
        for nested in item.nested:
            self._replace(edits, nested)
        lines = edits.lines()
        if edits.changed and not edits.verified("\n".join(text for _, text in lines)):
            self._give_up(item.node)
        first = lines[0][0]
        above: list[int] = []
        while (line := first - len(above) - 1) in self.comments or line in self.markers:
            above.append(line)
        comments = [(self.module.lines[n - 1], n) for n in reversed(above) if n in self.comments]
        return [*comments, *((text, n) for n, text in lines if n not in self.markers)]

    def _import(self, item: Item) -> list[tuple[str, int]]:
        node, out = item.node, []
        assert isinstance(node, ast.Import | ast.ImportFrom)
        for name, target in self.joiner.import_lines(self.module, item):
            owner = _Variable(self.module.name, name)
            if owner not in self.joiner.plan.needed:
                continue
            left = self.joiner.plan.names[owner]
            if target is not None:
                out.append((f"{left} = {self._name_of(target, node)}", node.lineno))
                continue
            alias = next(a for a in node.names if (a.asname or a.name.partition(".")[0]) == name)
            module = node.module if isinstance(node, ast.ImportFrom) else None
            self.joiner.check_foreign(
                (module or alias.name).partition(".")[0], _place(self.module, node)
            )
            said = f"import {_as(alias.name, left)}"
            if module is None and alias.asname is None and "." in alias.name:
                said = f"import {alias.name}"  # binds its root
                if left != name:
                    self._give_up(node)
            out.append((f"from {module} {said}" if module else said, node.lineno))
        return out

    def _name_of(self, target: Target, node: ast.AST, around: frozenset[str] = frozenset()) -> str:
        owner = self.joiner.lookup(target, _place(self.module, node))
        if owner is None or isinstance(owner, Target):
            raise KataError(
                f"{_place(self.module, node)} imports the chapter {target.chapter} in a way that "
                "one file cannot have; import its names one by one and build again"
            )
        return self.joiner.name_in(self.module, owner, around)

    def _rename(self, edits: Edits, item: Item, use: Use) -> None:
        if self.joiner.moves_away(self.module, use):
            return
        owner = self.joiner.meaning(self.module, use)
        if owner is None:
            return
        name = self.joiner.name_in(self.module, owner, use.around - {use.name})
        if use.node is None or (use.attribute is None and name == use.name):
            return
        if use.soft:
            self._give_up(use.node)
        if use.attribute is not None:
            edits.replace_attribute(use.attribute, name)
        elif not edits.rename(use.node, use.name, name):
            self._give_up(use.node)

    def _replace(self, edits: Edits, nested: NestedImport) -> None:
        """An import of chapters inside a function goes; what else binds its names stays right."""
        pairs = []
        for name, target in nested.assigns.items():
            left = name
            around: frozenset[str] = frozenset({name}) if nested.local else frozenset()
            if not nested.local:
                left = self.joiner.plan.names[_Variable(self.module.name, name)]
            pairs.append((left, self._name_of(target, nested.node, around)))
        edits.replace_import(nested, pairs)

    def _give_up(self, node: ast.AST) -> NoReturn:
        raise KataError(
            f"{_place(self.module, node)}: two chapters use one name for different things, and it "
            "cannot be changed here; give it another name and build again"
        )
