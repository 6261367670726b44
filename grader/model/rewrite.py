"""Changing names in a statement's text, and proof that nothing else has changed."""

from __future__ import annotations

import ast
import re
import sys
from collections.abc import Sequence

from .scopes import Item, Module, NestedImport


class Edits:
    """Changes to the text of one statement, and the tree that they must lead to."""

    def __init__(self, module: Module, item: Item) -> None:
        self.module, self.item = module, item
        self.changes: dict[tuple[int, int, int, int], str] = {}
        self.dropped: set[int] = set()
        self.attributes: dict[int, str] = {}
        self.changed = False
        self.in_fstring: dict[int, ast.JoinedStr] = {}
        if sys.version_info < (3, 12):  # before, nodes in f-strings do not say where they are
            for node in ast.walk(item.node):
                if isinstance(node, ast.JoinedStr):
                    for inner in ast.walk(node):
                        self.in_fstring.setdefault(id(inner), node)

    def rename(self, node: ast.AST, old: str, new: str) -> bool:
        """Give the name that `node` writes or binds another spelling, if that can be done."""
        self.changed = True
        match node:
            case ast.Name():
                if id(node) in self.in_fstring:
                    self._within(self.in_fstring[id(node)], old, new)
                else:
                    self._set(node, new)
                node.id = new
            case ast.FunctionDef() | ast.AsyncFunctionDef() | ast.ClassDef():
                line = node.lineno
                text = self.module.lines[line - 1]
                found = re.compile(rf"\b(?:def|class)\s+({re.escape(old)})\b").search(
                    text, _column(text, node.col_offset)
                )
                if not found:
                    return False
                self.changes[line, found.start(1), line, found.end(1)] = new
                node.name = new
            case ast.Global():
                self._within(node, old, new)
                node.names = [new if name == old else name for name in node.names]
            case _:
                return False
        return True

    def replace_attribute(self, node: ast.Attribute, new: str) -> None:
        """Write `new` for `chapter.name`."""
        self.changed = True
        if id(node) in self.in_fstring:
            assert isinstance(node.value, ast.Name)
            self._within(self.in_fstring[id(node)], rf"{node.value.id}\.{node.attr}", new)
        else:
            self._set(node, new)
        self.attributes[id(node)] = new

    def replace_import(self, nested: NestedImport, pairs: Sequence[tuple[str, str]]) -> None:
        """Write assignments for an import statement, or nothing."""
        self.changed = True
        node, block = nested.node, nested.block
        at = block.index(node)
        if pairs:
            said = ", ".join(p[0] for p in pairs) + " = " + ", ".join(p[1] for p in pairs)
            self._set(node, said)
            block[at] = ast.parse(said).body[0]
            return
        span = range(node.lineno, (node.end_lineno or 0) + 1)
        alone = self.module.lines[span[0] - 1][: node.col_offset].strip() == ""
        after = self.module.lines[span[-1] - 1].encode()[node.end_col_offset or 0 :].decode()
        if len(block) > 1 and alone and re.fullmatch(r"\s*(#.*)?", after):
            self.dropped |= set(span)
            del block[at]
        else:
            self._set(node, "pass")
            block[at] = ast.Pass()

    def _set(self, node: ast.AST, text: str) -> None:
        self.changes[self._span(node)] = text

    def _within(self, node: ast.AST, old: str, new: str) -> None:
        span = self._span(node)
        text = self.changes.get(span) or _cut(self.module.lines, span)
        self.changes[span] = _renamed(text, old, new, 0 if isinstance(node, ast.JoinedStr) else 1)

    def _span(self, node: ast.AST) -> tuple[int, int, int, int]:
        first, last = node.lineno, node.end_lineno  # type: ignore[attr-defined]
        return (
            first,
            _column(self.module.lines[first - 1], node.col_offset),  # type: ignore[attr-defined]
            last,
            _column(self.module.lines[last - 1], node.end_col_offset),  # type: ignore[attr-defined]
        )

    def lines(self) -> list[tuple[int, str]]:
        """The statement's lines, changed, with their numbers in the chapter."""
        node = self.item.node
        starts = [d.lineno for d in getattr(node, "decorator_list", ())]
        first, last = min([node.lineno, *starts]), node.end_lineno or node.lineno
        lines = {n: self.module.lines[n - 1] for n in range(first, last + 1)}
        here = self.module.items
        if any(o is not self.item and o.node.lineno == last for o in here):  # `a = 1; b = 2`
            lines[last] = lines[last].encode()[: node.end_col_offset].decode()
        trim = 0 if starts else len(lines[first].encode()[: node.col_offset].decode())
        for (top, left, bottom, right), text in sorted(self.changes.items(), reverse=True):
            lines[top] = lines[top][:left] + text + lines[bottom][right:]
            for gone in range(top + 1, bottom + 1):
                del lines[gone]
        lines[first] = lines[first][trim:]
        text_lines = []
        for number, text in lines.items():
            if number not in self.dropped:
                text_lines += [(number, line) for line in text.split("\n")]
        return text_lines

    def verified(self, text: str) -> bool:
        """Whether the changed text is the statement with just these changes."""
        try:
            came = ast.parse(text)
        except SyntaxError:
            return False
        attributes = self.attributes

        class Names(ast.NodeTransformer):
            def visit_Attribute(self, node: ast.Attribute) -> ast.AST:
                if id(node) in attributes:
                    return ast.Name(attributes[id(node)], ast.Load())
                return self.generic_visit(node)

        wanted = Names().visit(self.item.node)
        return len(came.body) == 1 and ast.dump(came.body[0]) == ast.dump(wanted)


def _renamed(text: str, old: str, new: str, depth: int) -> str:
    """Change a name where it is code: within braces, for an f-string, which has depth 0."""

    def change(found: re.Match[str]) -> str:
        nonlocal depth
        match found[0]:
            case "{" | "}" as brace:
                depth += 1 if brace == "{" else -1
            case "{{" | "}}" as braces:  # outside of braces, the character itself
                depth += 0 if depth == 0 else 2 if braces == "{{" else -2
            case _ if depth:
                return new
        return found[0]

    return re.sub(rf"\{{\{{|\}}\}}|[{{}}]|(?<![\w.]){old}(?!\w)", change, text)


def _column(line: str, offset: int) -> int:
    """Python counts columns in bytes of UTF-8."""
    return len(line.encode()[:offset].decode())


def _cut(lines: Sequence[str], span: tuple[int, int, int, int]) -> str:
    top, left, bottom, right = span
    if top == bottom:
        return lines[top - 1][left:right]
    return "\n".join([lines[top - 1][left:], *lines[top : bottom - 1], lines[bottom - 1][:right]])
