"""gpt2.py out of chapters: what is kept, under which names, and that it means the same."""

import ast
import sys
import textwrap
from pathlib import Path

import pytest

from grader.errors import KataError
from grader.model.assemble import assemble
from grader.subject import load_package, read_source

SOLUTIONS = Path(__file__).parents[2] / "solutions"
TITLE = "A title."


def write(folder: Path, chapters: dict[str, str]) -> Path:
    """A subject of these chapters; `load_gpt2` and `GPTModel` are added where they lack."""
    folder.mkdir(exist_ok=True)
    chapters = {"ch03_attention": "", "ch04_gpt": "", "ch05_pretraining": ""} | chapters
    for name, text in chapters.items():
        text = textwrap.dedent(text)
        if name == "ch04_gpt" and "GPTModel" not in text:
            text += "\nclass GPTModel:\n    pass\n"
        if name == "ch05_pretraining" and "load_gpt2" not in text:
            text += "\ndef load_gpt2(folder):\n    return None\n"
        (folder / f"{name}.py").write_text(text, encoding="utf-8")
    return folder


def joined(folder: Path) -> str:
    return assemble(folder, folder, TITLE).text


def run(text: str) -> dict:
    """The names of an assembled file, which must compile and import nothing foreign."""
    check_imports(text)
    names: dict = {"__name__": "gpt2", "__file__": "gpt2.py"}
    exec(compile(text, "gpt2.py", "exec", dont_inherit=True), names)
    return names


def check_imports(text: str) -> None:
    """Nothing but torch, tiktoken and the standard library is imported, anywhere in the file."""
    for node in ast.walk(ast.parse(text)):
        if isinstance(node, ast.ImportFrom):
            assert node.level == 0
        if isinstance(node, ast.Import | ast.ImportFrom):
            names = [a.name for a in node.names] if isinstance(node, ast.Import) else [node.module]
            for name in names:
                top = name.split(".")[0]
                assert top in {"torch", "tiktoken"} or top in sys.stdlib_module_names


def same(folder: Path) -> str:
    """Assert that load_gpt2("x") gives in one file what it gives in the chapters; the file."""
    names = sorted(p.stem for p in folder.glob("*.py"))
    package = load_package([read_source(folder, name) for name in names])
    wanted = package.load_gpt2("x")
    assert wanted is not None
    made = assemble(folder, folder, TITLE)
    came = run(made.text)
    assert came[made.names["ch05_pretraining.load_gpt2"]]("x") == wanted
    return made.text


# Subjects as learners write them: chapters, and a load_gpt2 whose value must not change.
LEARNERS = {
    "aliases": {
        "ch03_attention": """
            def attend(x):
                return x + 1
        """,
        "ch04_gpt": """
            from .ch03_attention import attend as att
            def double(x):
                return att(att(x))
        """,
        "ch05_pretraining": """
            from .ch04_gpt import double
            from .ch03_attention import attend as single
            def load_gpt2(folder):
                return double(1), single(1)
        """,
    },
    "chapter as a module": {
        "ch03_attention": """
            import math
            SCALE = 3
            def attend(x):
                return SCALE * math.floor(x)
        """,
        "ch04_gpt": """
            from . import ch03_attention
            from . import ch03_attention as att
            class GPTModel(dict):
                scale = ch03_attention.SCALE
                def go(self, x):
                    return f"{att.attend(x)} {att.math.pi:.3f} {ch03_attention.SCALE!r}"
        """,
        "ch05_pretraining": """
            from .ch04_gpt import GPTModel
            def load_gpt2(folder):
                return GPTModel().go(2.5), GPTModel.scale
        """,
    },
    "private helpers of one name": {
        "ch03_attention": """
            def _helper(x):
                return ("three", x)
            def attend(x):
                return _helper(x)
        """,
        "ch04_gpt": """
            from .ch03_attention import attend
            def _helper(x):
                return ("four", attend(x), f"{_size(x)}")
            def _size(x, *, _helper=_helper):
                return 4
            def build(x):
                return [_helper(y) for y in (x, x)], f"{_helper(x)} {{_helper}} { _helper (x) !r}"
        """,
        "ch05_pretraining": """
            from .ch04_gpt import build, _helper as four
            def _helper(x):
                global _COUNT
                _COUNT = len(x)
                return _COUNT
            _COUNT = 0
            def load_gpt2(folder):
                def inner(_helper):
                    return _helper * 2
                return build(1), four(2), _helper("abc"), inner(4), (lambda _helper: _helper)(5)
        """,
    },
    "one import name, two meanings": {
        "ch03_attention": """
            from math import sqrt, floor as f
            import math as m
            def attend(x):
                return sqrt(x), f(2.5), m.pi
        """,
        "ch04_gpt": """
            from cmath import sqrt
            import operator as m
            from math import ceil as f
            def build(x):
                return sqrt(x), f(2.5), m.add(1, 2), f"{sqrt(x)}"
        """,
        "ch05_pretraining": """
            import math, os.path
            import collections.abc
            from .ch03_attention import attend
            from .ch04_gpt import build
            def load_gpt2(folder):
                od = collections.OrderedDict()
                return attend(4), build(-4), math.e, os.path.join("a", "b"), od
        """,
    },
    "an own version of an imported name": {
        "ch03_attention": """
            def softmax(x):
                return "three"
            def attend(x):
                return softmax(x)
        """,
        "ch04_gpt": """
            from .ch03_attention import attend, softmax
            old = softmax
            def softmax(x):
                return "four " + old(x)
            class GPTModel:
                softmax = staticmethod(softmax)
                def __call__(self, x):
                    return attend(x), softmax(x), self.softmax(x)
        """,
        "ch05_pretraining": """
            from .ch04_gpt import GPTModel
            def load_gpt2(folder):
                return GPTModel()(1)
        """,
    },
    "a name of Python's own": {
        "ch03_attention": """
            def sum(xs):
                return "sum of three"
            def attend(x):
                return sum([x])
        """,
        "ch04_gpt": """
            from .ch03_attention import attend
            def build(x):
                return attend(x), sum([1, 2]), max(1, 2)
        """,
        "ch05_pretraining": """
            from .ch04_gpt import build
            from math import floor as max
            def load_gpt2(folder):
                return build(1), max(1.5)
        """,
    },
    "constants, and what changes them": {
        "ch04_gpt": """
            import sys
            BASE = {"a": 1}; OTHER = [1]
            BASE["b"] = 2
            BASE.update(c=3)
            for _key in list(BASE):
                BASE[_key] += 10
            if sys.version_info >= (3, 8):
                WIDE = True
            else:
                WIDE = False
            try:
                import tiktoken as bpe
            except ImportError:
                bpe = None
            with open(__file__ if False else "/dev/null") as _file:
                TEXT = _file.read()
            A, (B, *C) = 1, (2, 3, 4)
            D: int = 5
            D += 1
            if (N := len(BASE)) > 2:
                BIG = N
            def _register(f):
                REGISTRY.append(f.__name__)
                return f
            REGISTRY = []
            @_register
            def registered():
                return 1
            _register(registered)
            def _unused():
                return UNUSED
            UNUSED = 1
            print("work at import")
        """,
        "ch05_pretraining": """
            from .ch04_gpt import *
            from . import ch04_gpt as four
            def load_gpt2(folder):
                return (BASE, WIDE, TEXT, A, B, C, D, BIG, REGISTRY, four.bpe is not None)
        """,
    },
    "imports inside functions": {
        "ch03_attention": """
            def softmax(x):
                return "softmax"
        """,
        "ch04_gpt": """
            def build(x):
                from .ch03_attention import softmax as s
                from . import ch03_attention as att  # late
                return s(x), att.softmax(x)
            def shadow(x):
                from .ch03_attention import softmax
                softmax = softmax(x)
                return softmax
            def capture(x):
                from . import ch03_attention
                softmax = 4
                return softmax, ch03_attention.softmax(x)
            def only(x):
                if x:
                    from .ch03_attention import softmax
                return softmax(x)
        """,
        "ch05_pretraining": """
            def load_gpt2(folder):
                from .ch04_gpt import (
                    build,
                    capture,
                    only, shadow,
                )
                return build(1), capture(1), only(1), shadow
            def load_gpt2(folder, old=load_gpt2):
                try:
                    old(folder)[3](1)
                except UnboundLocalError:
                    failed = True
                else:
                    failed = False
                return old(folder)[:3], failed
        """,
    },
    "absolute and guarded imports": {
        "ch03_attention": """
            def attend(x):
                return x + 1
        """,
        "ch04_gpt": """
            from __future__ import annotations
            from typing import TYPE_CHECKING
            if TYPE_CHECKING:
                from collections.abc import Sequence
                from .ch03_attention import attend as Later
            try:
                from .ch03_attention import attend
            except ImportError:
                from ch03_attention import attend
            def build(x: Sequence[int]) -> "Later":
                return attend(x)
            if __name__ == "__main__":
                print(build(1))
        """,
        "ch05_pretraining": '''
            """Loads."""
            from __future__ import annotations
            try:
                from solutions.ch04_gpt import build
            except ImportError:
                from .ch04_gpt import build
            __all__ = ["load_gpt2"]
            assert build
            def load_gpt2(folder) -> list[int]:
                return [build(1)]
        ''',
    },
    "decorators, bases, defaults, classes": {
        "ch03_attention": """
            import functools
            def traced(label):
                def wrap(f):
                    @functools.wraps(f)
                    def inner(*a, **k):
                        return label, f(*a, **k)
                    return inner
                return wrap
            class Base:
                __slots__ = ()
                size = 3
            class Meta(type):
                extra = 7
            DEFAULT = 9
        """,
        "ch04_gpt": """
            from dataclasses import dataclass, field
            from .ch03_attention import Base, Meta, traced, DEFAULT
            LABEL = "label"
            @dataclass
            class Config:
                width: int = DEFAULT
                names: list = field(default_factory=lambda: [LABEL])
            class GPTModel(Base, metaclass=Meta):
                DEFAULT = DEFAULT + 1
                table = {k: v for k, v in ((LABEL, DEFAULT),)}
                @traced(LABEL)
                def go(self, x=DEFAULT, *, y=[LABEL]):
                    return x, y, self.size, type(self).extra, self.DEFAULT, self.table
        """,
        "ch05_pretraining": """
            from .ch04_gpt import GPTModel, Config
            def load_gpt2(folder):
                c = Config()
                return GPTModel().go(), c.width, c.names
        """,
    },
    "names of our own part": {
        "ch05_pretraining": """
            END_OF_TEXT = 1
            def sample(x):
                return "mine", x
            def main():
                return sample(END_OF_TEXT)
            def stream(*a):
                return main()
            def load_gpt2(folder):
                return stream(), main(), json
            json = 5
        """,
    },
    "imports that something else replaces": {
        "ch03_attention": """
            from functools import partial
            import operator
            def softmax(x):
                return ("three", x)
            def attend(x):
                return partial(softmax, x)(), operator.add(1, 2)
        """,
        "ch04_gpt": """
            from functools import partial as bind, reduce
            import operator
            from .ch03_attention import attend, softmax
            bind = bind(print)
            operator = operator.neg
            import os.path
            if os.sep:
                os = os.path.join
            softmax = (lambda f: lambda x: f(("again", x)))(softmax)
            CONFIG = {"a": 1, "b": 2}
            del CONFIG["a"]
            temporary = 1
            del temporary
            def build(x):
                return attend(x), softmax(x), bind.func is print, operator(2), CONFIG, os("a")
        """,
        "ch05_pretraining": """
            from __future__ import annotations
            from .ch04_gpt import build
            def load_gpt2(folder: operator) -> Missing:
                return build(1)
        """,
    },
    "strange layout": {
        "ch03_attention": (
            "# first\r\n\r\ndef attend(x):\r\n    'ä ö ü ∑'; y = 'ß'; return (y, x)\r\n"
            "λ = 4; μ = λ + 1  # both\r\n"
        ),
        "ch04_gpt": """
            from .ch03_attention import attend as ä, λ, μ
            def build(x): s = "∑∑"; return s + str(ä(x)) + "∑", ä(x), λ
            x = (
                1,  # one

                # two
                μ,
            ); z = x
            DOC = '''
            ### BEGIN SOLUTION
            '''
        """,
        "ch05_pretraining": """
            from .ch04_gpt import build, x, z, DOC
            def load_gpt2(folder):
                ### BEGIN SOLUTION
                if folder:
                    ### END SOLUTION
                    return build(1), x, z, DOC
        """,
    },
    "pattern matching, handlers and loops": {
        "ch04_gpt": """
            match {"k": [1, 2, 3]}:
                case {"k": [first, *rest], **more}:
                    FOUND = first, rest
                case other:
                    FOUND = None
            try:
                1 / 0
            except ZeroDivisionError as error:
                MESSAGE = str(error)
            i = 0
            while i < 3:
                i += 1
            ROWS = [row for row in range(i) if (last := row) >= 0]
        """,
        "ch05_pretraining": """
            from .ch04_gpt import FOUND, MESSAGE, ROWS, last, more, i as i_four
            i = 17
            def load_gpt2(folder):
                return FOUND, MESSAGE, ROWS, last, more, i_four, i
        """,
    },
}


@pytest.mark.parametrize("name", LEARNERS)
def test_one_file_means_what_the_chapters_mean(tmp_path: Path, name: str) -> None:
    """Whatever legal thing a learner writes, load_gpt2 gives the same in one file."""
    same(write(tmp_path / "subject", LEARNERS[name]))


def test_only_what_is_needed_is_kept(tmp_path: Path) -> None:
    """Functions, constants and imports that nothing reaches are left out."""
    subject = write(tmp_path / "subject", LEARNERS["constants, and what changes them"])
    text = joined(subject)
    assert "UNUSED" not in text
    assert "work at import" not in text
    assert "OTHER" not in text
    assert 'BASE["b"] = 2' in text
    assert "@_register" in text


def test_solutions_are_kept_as_written() -> None:
    """Definitions, docstrings and comments of the reference come over word for word."""
    text = joined(SOLUTIONS)
    tree = ast.parse(text)
    kept = {n.name: ast.dump(n) for n in tree.body if isinstance(n, ast.ClassDef | ast.FunctionDef)}
    for name in ("ch03_attention", "ch04_gpt", "ch05_pretraining"):
        source = (SOLUTIONS / f"{name}.py").read_text(encoding="utf-8")
        for node in ast.parse(source).body:
            if isinstance(node, ast.ClassDef | ast.FunctionDef) and node.name in kept:
                assert ast.dump(node) == kept[node.name]
    assert "SOLUTION" not in text
    assert "# (B, T, C)" in text
    assert "CausalAttention(" not in text
    order = [text.index(f"class {n}(") for n in ("MultiHeadAttention", "LayerNorm", "GPTModel")]
    assert order == sorted(order)
    assert order[-1] < text.index("def load_gpt2(")
    run(text)


def test_each_line_knows_where_it_comes_from() -> None:
    """`origin` leads from a line of gpt2.py to the same line of a chapter."""
    made = assemble(SOLUTIONS, SOLUTIONS, TITLE)
    seen = 0
    for number, line in enumerate(made.text.splitlines(), start=1):
        if (origin := made.origin(number)) and origin[0] in made.chapters:
            source = made.chapters[origin[0]].read_text(encoding="utf-8").splitlines()
            assert source[origin[1] - 1] == line
            seen += 1
    assert seen > 200
    assert made.origin(0) is None
    assert made.origin(10**6) is None


def test_comments_stay_with_their_code(tmp_path: Path) -> None:
    """A comment above a statement, behind it or in it is kept; solution markers are not."""
    text = joined(
        write(
            tmp_path / "subject",
            {
                "ch05_pretraining": """
                    # of something else

                    ### BEGIN SOLUTION
                    # above
                    SIZE = 4  # behind

                    ### END SOLUTION
                    # unused
                    OTHER = 5

                    def load_gpt2(folder):
                        ### BEGIN SOLUTION
                        # inside
                        return SIZE
                        ### END SOLUTION
                """
            },
        )
    )
    for comment in ("# above\nSIZE = 4  # behind\n", "    # inside\n    return SIZE\n"):
        assert comment in text
    for gone in ("of something else", "unused", "SOLUTION"):
        assert gone not in text


def test_imports_are_merged(tmp_path: Path) -> None:
    """Each thing is imported once, futures first, however the chapters spell it."""
    text = joined(
        write(
            tmp_path / "subject",
            {
                "ch03_attention": """
                    import torch.nn as nn
                    import torch
                    def a():
                        return nn.Linear, torch.tensor
                """,
                "ch04_gpt": """
                    from __future__ import annotations
                    from torch import nn, Tensor
                    import torch, torch.nn.functional
                    from .ch03_attention import a
                    def b(x: Tensor):
                        return nn.Linear, torch.nn.functional.relu, a()
                """,
                "ch05_pretraining": """
                    from .ch04_gpt import b
                    def load_gpt2(folder):
                        return b(1)
                """,
            },
        )
    )
    lines = text.splitlines()
    assert lines.count("import torch") == 1
    assert sum("nn" in line for line in lines if "import" in line and "torch" in line) <= 2
    first = next(i for i, line in enumerate(lines) if "import" in line and '"' not in line)
    assert lines[first] == "from __future__ import annotations"
    run(text)


def test_missing_chapters_come_from_the_reference(tmp_path: Path) -> None:
    """A subject with one chapter is filled up, and the chapters say where they are from."""
    reference = write(tmp_path / "reference", {"ch03_attention": "def attend(x):\n    return 1\n"})
    subject = tmp_path / "subject"
    subject.mkdir()
    (subject / "ch04_gpt.py").write_text(
        "from .ch03_attention import attend\nclass GPTModel:\n    a = attend(1)\n"
    )
    made = assemble(subject, reference, TITLE)
    assert made.chapters["ch03_attention"].parent == reference
    assert made.chapters["ch04_gpt"].parent == subject


REFUSALS = {
    "ch04_gpt.py line 3 is not Python": {"ch04_gpt": "\n\nclass GPTModel(:\n"},
    "ch04_gpt.py line 1 takes attend from ch03_attention.py": {
        "ch04_gpt": "from .ch03_attention import attend\nclass GPTModel:\n    a = attend\n"
    },
    "gpt2.py takes GPTModel from ch04_gpt.py": {"ch04_gpt": "GPTModels = 1\n"},
    "ch04_gpt.py line 1 imports numpy": {
        "ch04_gpt": "import numpy as np\nclass GPTModel:\n    a = np.pi\n"
    },
    "ch04_gpt.py line 3 imports numpy": {
        "ch04_gpt": "class GPTModel:\n    def f(self):\n        import numpy.linalg\n"
    },
    "ch04_gpt.py line 1 says `from ..other import x`": {
        "ch04_gpt": "from ..other import x\nclass GPTModel:\n    pass\n"
    },
    "uses the chapter ch03_attention as a thing of its own": {
        "ch04_gpt": "from . import ch03_attention\nclass GPTModel:\n    a = vars(ch03_attention)\n"
    },
    "needs ch02_text.py, which is not there": {
        "ch04_gpt": "from .ch02_text import x\nclass GPTModel:\n    a = x\n"
    },
    "ch04_gpt.py imports GPTModel from elsewhere": {
        "ch04_gpt": "from torch.nn import Module as GPTModel\n"
    },
    "uses the chapter ch03_attention as a thing": {
        "ch03_attention": "x = 1\n",
        "ch04_gpt": "from . import ch03_attention\nclass GPTModel:\n    pass\n",
        "ch05_pretraining": (
            "from . import ch04_gpt\ndef load_gpt2(folder):\n    return ch04_gpt.ch03_attention.x\n"
        ),
    },
    "in a circle": {
        "ch03_attention": "from .ch04_gpt import x\n",
        "ch04_gpt": "from .ch03_attention import x\nclass GPTModel:\n    a = x\n",
    },
}


@pytest.mark.parametrize("said", REFUSALS)
def test_what_cannot_be_joined_gets_one_sentence(tmp_path: Path, said: str) -> None:
    """What gpt2.py cannot have is refused, naming the chapter and the line."""
    subject = write(tmp_path / "subject", REFUSALS[said])
    with pytest.raises(KataError) as caught:
        joined(subject)
    assert said in str(caught.value)
    assert "\n" not in str(caught.value)


def test_a_chapter_that_is_no_file_is_refused(tmp_path: Path) -> None:
    """A folder in place of a chapter, and a chapter that is not text, are named."""
    subject = write(tmp_path / "subject", {})
    (subject / "ch03_attention.py").unlink()
    (subject / "ch03_attention.py").mkdir()
    joined(subject)  # nothing needs it
    (subject / "ch04_gpt.py").write_bytes(b"\xff\xfe")
    with pytest.raises(KataError, match=r"ch04_gpt\.py is not UTF-8"):
        joined(subject)
