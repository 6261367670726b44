"""What a learner's code prints and raises, on every road to a reader: bounded, and only words."""

import csv
import io
import json
import os
import re
import sqlite3
import subprocess
import sys
import unicodedata
from html.parser import HTMLParser
from xml.etree import ElementTree as ET

import pytest

from grader import exports

from .conftest import CHAPTER, write_demo

LIMIT = 64 << 10  # bytes of one test
MARK = "MARKER"  # so that it is known that the words arrived
# Whatever a terminal, a page, a table or a runner might obey.
EVERYTHING = (
    f"{MARK} \x1b[2J\x1b[31mred\x1b]8;;http://evil.example\x1b\\link\x1b]8;;\x1b\\ \x1b]0;t\x07"
    "\x1b]52;c;ZXZpbA==\x07 \x9b2J \x00\x08\x7f\r\u202e\u2066\u200b\ufeff\udcff\ud800 ]]> --> "
    "</script></pre></textarea><script>alert(1)</script><img src=x onerror=alert(1)> &lt; "
    "| a | b | ``` ` * _ [x](javascript:alert(1)) # {{7*7}} {% raw %} ${x} %0A\n"
    "::error::forged\n##[error]forged\n::set-output name=a::b\n::stop-commands::x\n"
    "=cmd|'/C calc'!A0\n+1\n-1\n@SUM(1)\n\t=1\n```\n# heading\n<b>\u2028\u2029\u0085"
)
HOSTILE = f"""
import sys
EVERYTHING = {EVERYTHING!r}
print(EVERYTHING.encode("utf-8", "replace").decode())
sys.stdout.buffer.write(EVERYTHING.encode("utf-8", "surrogatepass") + b"\\xff\\xfe\\x80\\n")
sys.stderr.write("::error::forged on stderr\\n")

class Error(Exception):
    def __str__(self):
        return EVERYTHING
    __repr__ = __str__

def double(x):
    raise ValueError(EVERYTHING + "x" * (100 << 20 if isinstance(x, int) else 0))

def quadruple(x):
    if isinstance(x, int):
        return EVERYTHING
    for _ in range(100):
        sys.stdout.buffer.write(bytes(range(256)) * 4096)  # 100 MiB in all
    return x

def gelu(x):
    raise Error(EVERYTHING)
"""
NAMES = ["=cmd|calc", "a\x1b[2J\u202e", "<script>", "::error::x", "a|b`c`", "-rf"]


@pytest.fixture(scope="module")
def said(tmp_path_factory):
    """Every file and every output that comes of the hostile submission, by name."""
    base = tmp_path_factory.mktemp("inert")
    root = write_demo(base / "demo")
    found = {}

    def kata(*args):
        command = [sys.executable, "-m", "grader", *map(str, args)]
        environment = {**os.environ, "GITHUB_ACTIONS": "true"}
        return subprocess.run(
            command, cwd=root, capture_output=True, check=False, timeout=300, env=environment
        )

    alone = base / "::error::forged"
    alone.mkdir()
    (alone / f"{CHAPTER}.py").write_text(HOSTILE, encoding="utf-8")
    ends = {"json": "json", "junit": "xml", "gradescope": "json"}
    files = {name: base / f"{name}.{end}" for name, end in ends.items()}
    options = [part for name, path in files.items() for part in (f"--{name}", path)]
    done = kata("grade", alone, *options)
    assert done.returncode == 1, done.stderr
    found["grade's terminal"] = done.stdout + done.stderr
    found |= {f"grade --{name}": path.read_bytes() for name, path in files.items()}

    place = base / "submissions"
    for name in NAMES:  # the same code, which is graded once
        (place / name).mkdir(parents=True)
        (place / name / f"{CHAPTER}.py").write_text(HOSTILE, encoding="utf-8")
    results = base / "r.sqlite"
    done = kata("batch", place, "--results", results)
    assert done.returncode == 0, done.stderr
    found["batch's terminal"] = done.stdout + done.stderr
    with sqlite3.connect(results) as store:
        for (table,) in store.execute("SELECT name FROM sqlite_master WHERE type = 'table'"):
            rows = store.execute(f'SELECT * FROM "{table}"').fetchall()
            found[f"store {table}"] = repr(
                [[c for c in r if isinstance(c, str) and MARK in c] for r in rows]
            ).encode("utf-8", "surrogatepass")
    for name in exports.FORMATS:
        out = base / ("export.csv" if name == "csv" else f"export-{name}")
        done = kata("export", results, "--format", name, "--out", out)
        assert done.returncode == 0, done.stderr
        found[f"export {name}'s terminal"] = done.stdout + done.stderr
        if name == "nbgrader":  # a database: what its cells say
            with sqlite3.connect(out) as gradebook:
                found["export nbgrader"] = "\n".join(_cells(gradebook)).encode()
            continue
        paths = sorted(p for p in out.rglob("*") if p.is_file()) if out.is_dir() else [out]
        found |= {f"export {name} {p.name}": p.read_bytes() for p in paths}
    done = kata("report", results, "--html", base / "pages")
    assert done.returncode == 0, done.stderr
    found["report's terminal"] = done.stdout + done.stderr
    pages = sorted((base / "pages").rglob("*.html"))
    assert len(pages) == len(NAMES) + 1
    found |= {f"page {p.name}": p.read_bytes() for p in pages}
    return found


def _cells(database):
    """Every text in every table."""
    tables = database.execute("SELECT name FROM sqlite_master WHERE type = 'table'").fetchall()
    for (table,) in tables:
        for row in database.execute(f'SELECT * FROM "{table}"'):
            yield from (cell for cell in row if isinstance(cell, str))


def test_the_words_of_a_visible_test_arrive(said):
    """So that what follows is no test of nothing."""
    for name in ("grade --json", "grade --junit", "grade --gradescope"):
        assert MARK.encode() in said[name], name
    assert sum(MARK.encode() in text for name, text in said.items() if "page" in name) >= len(NAMES)


def test_nothing_that_a_terminal_or_a_reader_obeys_is_left(said):
    """No control characters, no marks that turn the direction round, no half of a pair."""
    for name, data in said.items():
        # A table begins with the mark that spreadsheets know UTF-8 by.
        text = data.decode(
            "utf-8-sig" if "csv" in name else "utf-8"
        )  # strict: no lone surrogates, no bytes that are no text
        if name.startswith(("grade --json", "export json", "grade --gradescope", "store")):
            # A name is kept as it is, and written in ASCII.
            assert "store" in name or text.isascii()
            text = json.dumps(_said(_values(text)), ensure_ascii=False)
            text = text.replace("\\n", "\n")
        bad = {c for c in text if unicodedata.category(c) in ("Cc", "Cf", "Cs", "Zl", "Zp")}
        assert bad <= {"\n", "\r", "\t", "\u00ad"}, f"{name} holds {bad!r}"
        assert not re.search(r"&#0*(27|x1b|0|155|8238|x202e);", text), name


def _values(text):
    return json.loads(text) if text.startswith("{") else {}


def _said(value):
    """Every text in a report but the submission's name."""
    if isinstance(value, dict):
        return [_said(v) for k, v in value.items() if k != "subject"]
    return [_said(v) for v in value] if isinstance(value, list) else value


def test_everything_is_bounded(said):
    tests = 6
    for name, data in said.items():
        many = tests * (len(NAMES) if name.startswith(("export", "store", "batch")) else 1)
        assert len(data) < many * LIMIT, f"{name} has {len(data):,} bytes"


def test_json_and_xml_are_whole(said):
    for name, data in said.items():
        if "json" in name and data.strip() and "terminal" not in name:
            json.loads(data)
        if "junit" in name and "terminal" not in name:
            root = ET.fromstring(data)
            assert root.tag == "testsuites"
            assert {e.tag for e in root.iter()} <= {
                *("testsuites", "testsuite", "testcase", "failure", "error", "skipped"),
                *("properties", "property", "system-out"),
            }


class _Elements(HTMLParser):
    def __init__(self, text):
        super().__init__()
        self.tags, self.attributes = set(), set()
        self.feed(text)

    def handle_starttag(self, tag, attrs):
        self.tags.add(tag)
        self.attributes |= {name for name, _ in attrs}


def test_a_page_has_no_element_of_the_learners(said):
    for name, data in said.items():
        if name.startswith("page"):
            found = _Elements(data.decode())
            assert not found.tags & {"script", "img", "textarea", "iframe", "b"}, name
            assert not [a for a in found.attributes if a.startswith("on")], name
            assert 'href="javascript' not in data.decode()


def test_no_line_is_a_command_to_a_runner(said):
    """But those of the annotations that we write ourselves."""
    for name, data in said.items():
        for line in data.decode().splitlines():
            command = re.match(r"\s*(::[a-z-]+|##\[)", line)
            if command and "annotations" in name:
                assert re.match(r"::(error|warning|notice) (title|file|line)=", line), line
                assert "##[" not in line, line
            elif "terminal" in name:  # the others are files, in which no runner looks
                assert not command, f"{name}: {line}"
                assert "##[" not in line, f"{name}: {line}"


def test_no_cell_is_a_formula(said):
    (data,) = [d for n, d in said.items() if n.startswith("export csv") and "terminal" not in n]
    rows = list(csv.reader(io.StringIO(data.decode("utf-8-sig"))))
    assert len(rows) == len(NAMES) + 1
    for row in rows:
        for cell in row:
            assert not cell.lstrip().startswith(("=", "+", "-", "@", "\uff1d")), cell


def test_what_was_printed_is_in_no_report(said):
    """Output is drained and bounded; what is reported is what a test says."""
    for name, data in said.items():
        assert b"forged on stderr" not in data, name
