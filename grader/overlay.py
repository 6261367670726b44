"""Wrong answers and right alternatives: small files laid over the reference.

A file under `wrong/` or `right/` defines only what it changes; its docstring says what that is::

    Masks after the softmax without renormalising, so that rows no longer sum to 1.

    exercise: causal_attention_weights
    rejected by: test_hidden.py::test_rows_sum_to_one
"""

from __future__ import annotations

import ast
import functools
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from pathlib import Path

from .errors import KataError


@dataclass(frozen=True)
class Answer:
    """A deliberate answer: what it shows, for which exercises, and the test that must reject it."""

    name: str
    sentence: str
    exercises: tuple[str, ...]
    rejected_by: str
    text: str


def read_answer(path: Path) -> Answer:
    """Read a file of `wrong/` or `right/`.

    Raises:
        KataError: Its docstring does not say what it must.
    """
    text = path.read_text(encoding="utf-8")
    doc = ast.get_docstring(ast.parse(text)) or ""
    fields = dict(line.split(": ", 1) for line in doc.splitlines() if ": " in line)
    if "exercise" not in fields:
        raise KataError(f"{path}: the docstring has no line 'exercise: Name'")
    return Answer(
        name=path.stem,
        sentence=" ".join(doc.split("\n\n")[0].split()),
        exercises=tuple(name.strip() for name in fields["exercise"].split(",")),
        rejected_by=fields.get("rejected by", "").strip(),
        text=text,
    )


def overlay(reference: str, answer: str) -> str:
    """The reference with the definitions of `answer` in place of its own; new names are added."""
    tree = ast.parse(answer)
    imports, pieces = [], {}
    for node in tree.body:
        if isinstance(node, ast.Import | ast.ImportFrom):
            if getattr(node, "module", None) != "__future__":
                imports.append(_text(answer, node))
        elif name := _name(node):
            pieces[name] = _text(answer, node)
    return splice(reference, pieces, imports)


def together(answers: Iterable[Answer]) -> list[list[Answer]]:
    """Few groups of answers, each of which can be laid over one reference as a whole.

    No two of a group give one name two meanings, be it a definition or an import.
    """
    groups: list[tuple[dict[str, str], list[Answer]]] = []
    for answer in answers:
        binds = _bindings(answer.text)
        for known, group in groups:
            if all(known.get(name, text) == text for name, text in binds.items()):
                known |= binds
                group.append(answer)
                break
        else:
            groups.append((binds, [answer]))
    return [group for _, group in groups]


def _bindings(text: str) -> dict[str, str]:
    """The names that the top level of a text binds, each with the statement that does."""
    found = {}
    for node in ast.parse(text).body:
        names = [_name(node)]
        if isinstance(node, ast.Import | ast.ImportFrom):
            names = [(alias.asname or alias.name).partition(".")[0] for alias in node.names]
        found.update({name: _text(text, node) for name in names if name})
    return found


def splice(reference: str, pieces: Mapping[str, str], imports: list[str] | None = None) -> str:
    """Replace top-level definitions by name.

    Args:
        reference: Python source.
        pieces: New text by name; names that the reference lacks go before the first one replaced.
        imports: Import statements to put there too.
    """
    lines, spans = reference.splitlines(), _spans(reference)
    replaced = sorted((spans[name], name) for name in pieces if name in spans)
    if not replaced:
        raise KataError(f"nothing that {', '.join(pieces) or 'an answer'} replaces is there")
    added = [*(imports or []), *(text for name, text in pieces.items() if name not in spans)]
    for (first, last), name in reversed(replaced):
        lines[first - 1 : last] = pieces[name].splitlines()
    at = replaced[0][0][0] - 1
    lines[at:at] = [line for text in added for line in [*text.splitlines(), ""]]
    return "\n".join(lines) + "\n"


@functools.lru_cache(maxsize=16)  # hundreds of answers are laid over one reference
def _spans(text: str) -> dict[str, tuple[int, int]]:
    return {name: _span(node) for node in ast.parse(text).body if (name := _name(node))}


def definition(text: str, name: str) -> str:
    """The source of one top-level definition, with its decorators.

    Raises:
        KeyError: There is none of that name.
    """
    for node in ast.parse(text).body:
        if _name(node) == name:
            return _text(text, node)
    raise KeyError(name)


def _name(node: ast.stmt) -> str | None:
    if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef | ast.ClassDef):
        return node.name
    if isinstance(node, ast.Assign) and isinstance(node.targets[0], ast.Name):
        return node.targets[0].id
    if isinstance(node, ast.AnnAssign) and isinstance(node.target, ast.Name):
        return node.target.id
    return None


def _span(node: ast.stmt) -> tuple[int, int]:
    decorators = getattr(node, "decorator_list", [])
    first = min([node.lineno, *(d.lineno for d in decorators)])
    return first, node.end_lineno or node.lineno


def _text(source: str, node: ast.stmt) -> str:
    first, last = _span(node)
    return "\n".join(source.splitlines()[first - 1 : last])
