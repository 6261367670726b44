"""Which names of a chapter's source are the module's own, by Python's scoping rules.

A `Module` is a chapter cut into its top-level statements. For each it tells what the statement
binds, what it refers to and what it may change; `assemble` joins chapters from that.
"""

from __future__ import annotations

import ast
import io
import re
import tokenize
from collections import defaultdict
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass, field

MARKER = re.compile(r"\s*#+\s*(BEGIN|END) SOLUTION\s*")

_DEFINITIONS = (ast.FunctionDef, ast.AsyncFunctionDef, ast.ClassDef)
_COMPREHENSIONS = (ast.ListComp, ast.SetComp, ast.DictComp, ast.GeneratorExp)
_IMPORTS = (ast.Import, ast.ImportFrom)
_TRIES = (ast.Try, ast.TryStar)
_QUIET = {"print", "help", "repr", "len", "isinstance"}  # calls that change nothing they are given


class OutsideImport(Exception):
    """A relative import that no single folder of chapters can satisfy."""

    def __init__(self, node: ast.stmt) -> None:
        super().__init__(ast.unparse(node))
        self.line = node.lineno


@dataclass(frozen=True)
class Target:
    """What a name imported from a chapter stands for: a name of it, or (None) the chapter."""

    chapter: str
    name: str | None


@dataclass(frozen=True)
class External:
    """A name imported from elsewhere: `dotted` is what it stands for, `lines` how it is imported.

    Each of `lines` is (module, name, asname): `import module as asname` where name is None.
    """

    name: str
    dotted: str
    lines: tuple[tuple[str, str | None, str | None], ...]


@dataclass(eq=False)
class Use:
    """A place that means a module-level name, or a chapter's by an import inside a function.

    Attributes:
        node: The Name, or the statement that binds or declares the name; None within a string.
        name: The name as written.
        target: What an import inside a function made it stand for.
        attribute: For `chapter.name`, the whole expression.
        around: Names bound in the functions around it, which would capture another name here.
        soft: A class body binds the name too, so it may not be the module's at all.
    """

    node: ast.AST | None
    name: str
    target: Target | None = None
    attribute: ast.Attribute | None = None
    around: frozenset[str] = frozenset()
    soft: bool = False


@dataclass(eq=False)
class NestedImport:
    """An import of chapters below the top level: in a function, or under an `if` or `try`.

    Attributes:
        node: The statement.
        assigns: The names that it must go on binding, since something else binds them too.
        block: The statements among which it stands.
        local: Whether it stands in a function or a class.
    """

    node: ast.Import | ast.ImportFrom
    assigns: dict[str, Target]
    block: list[ast.stmt]
    local: bool


@dataclass(eq=False)
class Item:
    """One top-level statement.

    Attributes:
        node: The statement.
        binds: Module-level names that it binds.
        touches: Names whose objects it may change without binding them.
        calls: Names of functions that it runs at once and which may change what they mention.
        uses: Its references to module-level names, its own bindings included.
        nested: Chapter imports inside it.
        foreign: (top-level module, line) of every other import inside it.
    """

    node: ast.stmt
    binds: set[str]
    touches: set[str] = field(default_factory=set)
    calls: set[str] = field(default_factory=set)
    uses: list[Use] = field(default_factory=list)
    nested: list[NestedImport] = field(default_factory=list)
    foreign: list[tuple[str, int]] = field(default_factory=list)

    @property
    def defines(self) -> bool:
        """Whether it is a function or a class."""
        return isinstance(self.node, _DEFINITIONS)


class Module:
    """A chapter's source, cut into items.

    Attributes:
        name: The chapter.
        lines: Its text by line.
        items: Its top-level statements, a `try` around chapter imports unwrapped.
        chapters: Names that stand for something of another chapter, and nothing else.
        externals: Names that stand for something imported from elsewhere, and nothing else.
        stars: Chapters of which everything is imported.
        variables: All other module-level names.
        futures: What it imports from `__future__`.

    Args:
        name: The chapter.
        text: Its source, lines ending in a newline only.
        is_chapter: Whether an absolute import of that module means a chapter.

    Raises:
        SyntaxError: The text is not Python.
        OutsideImport: A relative import leaves the folder.
    """

    def __init__(self, name: str, text: str, is_chapter: Callable[[str], bool]) -> None:
        self.name, self.text, self.is_chapter = name, text, is_chapter
        self.lines = text.split("\n")
        tree = ast.parse(text)
        self.docstring = ast.get_docstring(tree) or ""
        body = [s for node in tree.body for s in self._unwrap(node)]
        self.futures = [
            alias.name
            for node in body
            if isinstance(node, ast.ImportFrom) and node.module == "__future__" and not node.level
            for alias in node.names
        ]
        found = [(node, _Bindings(self, [node])) for node in body]
        self.items = [Item(node, b.names) for node, b in found]
        self._sort_names(found)
        for item in self.items:
            _Walker(self, item).visit(item.node, _Scope("module", None))
            _note_changes(item)
        stored = {u.name for i in self.items for u in i.uses if _stores(u.node)}
        self.variables |= stored - self.chapters.keys() - self.externals.keys()

    def _unwrap(self, node: ast.stmt) -> list[ast.stmt]:
        """`try: from .ch03 import x / except ImportError: from ch03 import x` is one import."""
        if isinstance(node, _TRIES) and not node.finalbody:
            for block in (node.body, *(h.body for h in node.handlers)):
                if all(isinstance(s, _IMPORTS) and self.chapter_import(s) for s in block):
                    return [*block, *node.orelse]
        return [node]

    def _sort_names(self, found: list[tuple[ast.stmt, _Bindings]]) -> None:
        targets: dict[str, set[Target]] = defaultdict(set)
        imports: dict[str, list[tuple[str, tuple[str, str | None, str | None]]]] = defaultdict(list)
        self.variables: set[str] = set()
        self.stars: list[str] = []
        for node, bindings in found:
            for name, target in bindings.chapters:
                targets[name].add(target)
            if isinstance(node, ast.ImportFrom) and (star := self.chapter_import(node)):
                self.stars += [t.chapter for n, t in star.items() if n == "*"]
            if isinstance(node, _IMPORTS) and not self.chapter_import(node):
                for name, dotted, line in _external(node):
                    imports[name].append((dotted, line))
            else:
                self.variables |= bindings.others
        for name in targets.keys() | imports.keys():
            meanings = {*targets.get(name, ()), *(d for d, _ in imports.get(name, ()))}
            if len(meanings) > 1:
                self.variables.add(name)
        for name in self.variables:
            targets.pop(name, None)
            imports.pop(name, None)
        self.chapters = {name: next(iter(meanings)) for name, meanings in targets.items()}
        self.externals = {
            name: External(name, lines[0][0], tuple(dict.fromkeys(line for _, line in lines)))
            for name, lines in imports.items()
        }

    def chapter_import(self, node: ast.stmt) -> dict[str, Target] | None:
        """What an import of chapters binds, "*" for all of one; None for any other statement."""
        if isinstance(node, ast.Import):
            if all(self.is_chapter(a.name) for a in node.names):
                return {a.asname or a.name: Target(a.name, None) for a in node.names}
        elif isinstance(node, ast.ImportFrom):
            if node.level == 0 and not self.is_chapter(node.module or ""):
                return None
            if node.level > 1 or "." in (node.module or ""):
                raise OutsideImport(node)
            if node.module is None:
                if any(a.name == "*" for a in node.names):
                    raise OutsideImport(node)
                return {a.asname or a.name: Target(a.name, None) for a in node.names}
            return {a.asname or a.name: Target(node.module, a.name) for a in node.names}
        return None

    def public(self) -> list[str]:
        """What `from .chapter import *` takes: `__all__`, or what has no leading underscore."""
        for item in self.items:
            if "__all__" in item.binds and isinstance(item.node, ast.Assign | ast.AnnAssign):
                try:
                    return list(ast.literal_eval(ast.unparse(item.node.value or item.node)))
                except (ValueError, SyntaxError):
                    break
        names = self.variables | self.chapters.keys() | self.externals.keys()
        return [name for name in names if not name.startswith("_")]

    def line_of(self, name: str) -> int | None:
        """The line that binds a name first."""
        return next((i.node.lineno for i in self.items if name in i.binds), None)

    def own_line_comments(self) -> tuple[dict[int, str], set[int]]:
        """Comments that have a line to themselves, by line; and the lines of solution markers."""
        comments, markers = {}, set()
        for token in tokenize.generate_tokens(io.StringIO(self.text).readline):
            if token.type != tokenize.COMMENT or token.line[: token.start[1]].strip():
                continue
            if MARKER.fullmatch(token.string):
                markers.add(token.start[0])
            else:
                comments[token.start[0]] = token.string
        return comments, markers


def _external(
    node: ast.Import | ast.ImportFrom,
) -> Iterator[tuple[str, str, tuple[str, str | None, str | None]]]:
    """(name bound, what it stands for, (module, name, asname)) for each alias."""
    for alias in node.names:
        if isinstance(node, ast.ImportFrom):
            if alias.name != "*" and node.module != "__future__":
                bound = alias.asname or alias.name
                line = (node.module or "", alias.name, alias.asname)
                yield bound, f"{node.module}.{alias.name}", line
        elif alias.asname:
            yield alias.asname, alias.name, (alias.name, None, alias.asname)
        else:
            root = alias.name.partition(".")[0]
            yield root, root, (alias.name, None, None)


class _Bindings:
    """The names that statements bind in their own scope, and by what.

    Attributes:
        chapters: (name, target) of every chapter import.
        others: Names bound by anything else.
        outer: Names declared global or nonlocal.
    """

    def __init__(self, module: Module, nodes: Iterable[ast.AST]) -> None:
        self.module = module
        self.chapters: list[tuple[str, Target]] = []
        self.others: set[str] = set()
        self.globals: set[str] = set()
        self.nonlocals: set[str] = set()
        for node in nodes:
            self._collect(node)

    @property
    def names(self) -> set[str]:
        return {name for name, _ in self.chapters} | self.others

    def _collect(self, node: ast.AST) -> None:
        match node:
            case ast.FunctionDef() | ast.AsyncFunctionDef() | ast.ClassDef():
                self.others.add(node.name)
                for child in _evaluated_outside(node):
                    self._collect(child)
                return
            case ast.Lambda():
                for child in _defaults(node.args):
                    self._collect(child)
                return
            case ast.ListComp() | ast.SetComp() | ast.DictComp() | ast.GeneratorExp():
                for child in ast.walk(node):  # := inside binds outside
                    if isinstance(child, ast.NamedExpr):
                        self.others.add(child.target.id)
                return
            case ast.Import() | ast.ImportFrom():
                targets = self.module.chapter_import(node)
                if targets is None:
                    self.others |= {name for name, _, _ in _external(node)}
                else:
                    self.chapters += [(n, t) for n, t in targets.items() if n != "*"]
            case ast.Name(ctx=ast.Store() | ast.Del()):
                self.others.add(node.id)
            case ast.ExceptHandler(name=str(name)) | ast.MatchAs(name=str(name)):
                self.others.add(name)
            case ast.MatchStar(name=str(name)) | ast.MatchMapping(rest=str(name)):
                self.others.add(name)
            case ast.Global():
                self.globals |= set(node.names)
            case ast.Nonlocal():
                self.nonlocals |= set(node.names)
        for child in ast.iter_child_nodes(node):
            self._collect(child)


class _Scope:
    """A function, a class, or the module (which binds nothing here: its names are asked for)."""

    def __init__(self, kind: str, parent: _Scope | None, bindings: _Bindings | None = None) -> None:
        self.kind, self.parent = kind, parent
        self.bound: set[str] = set()
        self.globals: set[str] = set()
        self.nonlocals: set[str] = set()
        self.chapters: dict[str, Target] = {}
        self.met: set[str] = set()  # of a class body: what it has bound so far, perhaps
        if bindings is None:
            return
        self.globals, self.nonlocals = bindings.globals, bindings.nonlocals
        self.bound = bindings.names - self.globals - self.nonlocals
        targets: dict[str, set[Target]] = defaultdict(set)
        for name, target in bindings.chapters:
            targets[name].add(target)
        for name, meanings in targets.items():
            if name in self.bound and name not in bindings.others and len(meanings) == 1:
                self.chapters[name] = next(iter(meanings))

    def around(self) -> frozenset[str]:
        """Names that a reference here, or further in, may mean before the module's."""
        scope: _Scope | None = self
        names: set[str] = set()
        while scope is not None:
            names |= scope.bound
            scope = scope.parent
        return frozenset(names)


class _Walker:
    """Finds what one top-level statement refers to."""

    def __init__(self, module: Module, item: Item) -> None:
        self.module, self.item = module, item

    def visit(self, node: ast.AST, scope: _Scope) -> None:
        match node:
            case ast.Name():
                self._refer(node, node.id, scope, store=not isinstance(node.ctx, ast.Load))
            case ast.Attribute(value=ast.Name()):
                self._attribute(node, scope)
            case ast.FunctionDef() | ast.AsyncFunctionDef() | ast.ClassDef():
                self._definition(node, scope)
            case ast.Lambda():
                self._all(_defaults(node.args), scope)
                bindings = _Bindings(self.module, [node.body])
                bindings.others |= _parameters(node.args)
                self.visit(node.body, _Scope("function", scope, bindings))
            case ast.ListComp() | ast.SetComp() | ast.DictComp() | ast.GeneratorExp():
                self._comprehension(node, scope)
            case ast.Import() | ast.ImportFrom():
                self._import(node, scope)
            case ast.AnnAssign():
                self._annotation(node.annotation, scope)
                self._all([node.target, *([node.value] if node.value else [])], scope)
            case ast.Global():
                for name in node.names:
                    self._add(node, name, scope)
            case ast.ExceptHandler(name=str(name)) | ast.MatchAs(name=str(name)):
                self._binds(node, name, scope)
            case ast.MatchStar(name=str(name)) | ast.MatchMapping(rest=str(name)):
                self._binds(node, name, scope)
            case _:
                self._all(ast.iter_child_nodes(node), scope)

    def _all(self, nodes: Iterable[ast.AST], scope: _Scope) -> None:
        for node in nodes:
            self.visit(node, scope)

    def _binds(self, node: ast.AST, name: str, scope: _Scope) -> None:
        self._refer(node, name, scope, store=True)
        self._all(ast.iter_child_nodes(node), scope)

    def _refer(self, node: ast.AST | None, name: str, scope: _Scope, *, store: bool) -> None:
        soft = False
        at: _Scope | None = scope
        while at is not None and at.kind != "module":
            if at.kind == "function" or at is scope:
                if name in at.globals:
                    break
                if name in at.chapters:
                    self._add(node, name, scope, target=at.chapters[name])
                    return
                if name in at.bound:
                    if at.kind == "function" or store:
                        return
                    soft = name in at.met  # a class body looks at itself first, then outside
            at = at.parent
        self._add(node, name, scope, soft=soft)

    def _add(
        self,
        node: ast.AST | None,
        name: str,
        scope: _Scope,
        *,
        target: Target | None = None,
        soft: bool = False,
    ) -> None:
        around = scope.around() if scope.kind != "module" else frozenset()
        self.item.uses.append(Use(node, name, target, None, around, soft))

    def _attribute(self, node: ast.Attribute, scope: _Scope) -> None:
        count = len(self.item.uses)
        self.visit(node.value, scope)
        if len(self.item.uses) > count:
            use = self.item.uses[-1]
            target = use.target or self.module.chapters.get(use.name)
            if target and target.name is None and not use.soft:
                use.attribute = node

    def _definition(self, node: ast.AST, scope: _Scope) -> None:
        assert isinstance(node, _DEFINITIONS)
        self._refer(node, node.name, scope, store=True)
        self._all(node.decorator_list, scope)
        if parameters := getattr(node, "type_params", None):  # Python 3.12: def f[T](x: T)
            bindings = _Bindings(self.module, [])
            bindings.others |= {p.name for p in parameters}
            scope = _Scope("function", scope, bindings)
            self._all(parameters, scope)
        bindings = _Bindings(self.module, node.body)
        if isinstance(node, ast.ClassDef):
            self._all([*node.bases, *node.keywords], scope)
            inner = _Scope("class", scope, bindings)
        else:
            self._all(_defaults(node.args), scope)
            for annotation in _annotations(node):
                self._annotation(annotation, scope)
            bindings.others |= _parameters(node.args)
            inner = _Scope("function", scope, bindings)
        for statement in node.body:
            bound = _Bindings(self.module, [statement]).names
            if hasattr(statement, "body") and not isinstance(statement, _DEFINITIONS):
                inner.met |= bound  # a loop, a branch: order tells nothing
            self.visit(statement, inner)
            inner.met |= bound

    def _annotation(self, node: ast.AST, scope: _Scope) -> None:
        """Also what stands in quotes, as names that a reader and a linter expect to find."""
        for child in ast.walk(node):
            if isinstance(child, ast.Constant) and isinstance(child.value, str):
                try:
                    quoted = ast.parse(child.value, mode="eval")
                except SyntaxError:
                    continue
                for name in ast.walk(quoted):
                    if isinstance(name, ast.Name):
                        self._refer(None, name.id, scope, store=False)
        self.visit(node, scope)

    def _comprehension(self, node: ast.AST, scope: _Scope) -> None:
        assert isinstance(node, _COMPREHENSIONS)
        first = node.generators[0]
        self.visit(first.iter, scope)
        bindings = _Bindings(self.module, [g.target for g in node.generators])
        inner = _Scope("function", scope, bindings)
        for generator in node.generators:
            self.visit(generator.target, inner)
            self._all(generator.ifs, inner)
            if generator is not first:
                self.visit(generator.iter, inner)
        if isinstance(node, ast.DictComp):
            self._all([node.key, node.value], inner)
        else:
            self.visit(node.elt, inner)

    def _import(self, node: ast.Import | ast.ImportFrom, scope: _Scope) -> None:
        targets = self.module.chapter_import(node)
        if targets is None:
            names = [a.name for a in node.names] if isinstance(node, ast.Import) else [node.module]
            self.item.foreign += [((n or "").partition(".")[0], node.lineno) for n in names]
            for name, _, _ in _external(node):
                self._refer(node, name, scope, store=True)
            return
        if node is self.item.node:
            return
        if "*" in targets:
            raise OutsideImport(node)
        local = scope.kind != "module"
        known = scope.chapters if local else self.module.chapters
        assigns = {name: target for name, target in targets.items() if name not in known}
        for name in assigns:
            self._refer(node, name, scope, store=True)
        block = _block_of(self.item.node, node)
        self.item.nested.append(NestedImport(node, assigns, block, local))


def _evaluated_outside(node: ast.AST) -> Iterator[ast.AST]:
    """The parts of a definition that belong to the scope around it."""
    assert isinstance(node, _DEFINITIONS)
    yield from node.decorator_list
    if isinstance(node, ast.ClassDef):
        yield from (*node.bases, *node.keywords)
    else:
        yield from (*_defaults(node.args), *_annotations(node))


def _defaults(arguments: ast.arguments) -> list[ast.expr]:
    return [*arguments.defaults, *(d for d in arguments.kw_defaults if d is not None)]


def _every_argument(arguments: ast.arguments) -> list[ast.arg]:
    starred = [a for a in (arguments.vararg, arguments.kwarg) if a is not None]
    return [*arguments.posonlyargs, *arguments.args, *arguments.kwonlyargs, *starred]


def _parameters(arguments: ast.arguments) -> set[str]:
    return {a.arg for a in _every_argument(arguments)}


def _annotations(node: ast.FunctionDef | ast.AsyncFunctionDef) -> list[ast.expr]:
    found = [a.annotation for a in _every_argument(node.args)] + [node.returns]
    return [a for a in found if a is not None]


def _block_of(root: ast.AST, statement: ast.stmt) -> list[ast.stmt]:
    for node in ast.walk(root):
        for block in ("body", "orelse", "finalbody"):
            statements = getattr(node, block, None)
            if isinstance(statements, list) and statement in statements:
                return statements
    raise AssertionError("a statement stands in a block")


def _stores(node: ast.AST | None) -> bool:
    return node is not None and not (isinstance(node, ast.Name) and isinstance(node.ctx, ast.Load))


def _note_changes(item: Item) -> None:
    """Fill `touches` and `calls`: how a statement may change objects without binding names."""
    for node in _at_once(item.node):
        match node:
            case ast.Attribute() | ast.Subscript() if isinstance(node.ctx, ast.Store | ast.Del):
                item.touches |= _root(node)
            case ast.For() | ast.AsyncFor():
                walked = node.iter.func if isinstance(node.iter, ast.Call) else node.iter
                item.touches |= _root(walked)
            case ast.Expr(value=ast.Call() as call):
                _note_call(item, call)
    for decorator in getattr(item.node, "decorator_list", ()):
        item.calls |= _root(decorator.func if isinstance(decorator, ast.Call) else decorator)


def _note_call(item: Item, call: ast.Call) -> None:
    if isinstance(call.func, ast.Attribute):
        item.touches |= _root(call.func)
    elif isinstance(call.func, ast.Name) and call.func.id not in _QUIET:
        item.calls.add(call.func.id)
        for argument in call.args:
            item.touches |= _root(argument)


def _at_once(node: ast.AST) -> Iterator[ast.AST]:
    """What runs when the statement does: not the bodies of functions and classes."""
    if isinstance(node, (*_DEFINITIONS, ast.Lambda)):
        return
    yield node
    for child in ast.iter_child_nodes(node):
        yield from _at_once(child)


def _root(node: ast.AST) -> set[str]:
    while isinstance(node, ast.Attribute | ast.Subscript):
        node = node.value
    return {node.id} if isinstance(node, ast.Name) else set()
