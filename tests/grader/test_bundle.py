"""A learner's repository: nothing secret is in it, and a learner can work in it offline."""

import ast
import contextlib
import gzip
import io
import json
import os
import py_compile
import shutil
import subprocess
import sys
import tarfile
import tomllib
import types
import venv
import zipfile
from importlib.machinery import SourcelessFileLoader
from pathlib import Path

import pytest

from grader.bundle import HERE, Added, add, bundle, tree
from grader.course import load_course
from grader.errors import KataError, UsageError
from grader.leaks import IDIOMS, is_telling
from grader.release import given_and_bodies, stub_of, unwritten

ROOT = Path(__file__).resolve().parents[2]
COURSE = load_course(ROOT / "exercises" / "course.toml")


@pytest.fixture(scope="session")
def released(tmp_path_factory):
    """A bundle of the whole course, which no test changes."""
    to = tmp_path_factory.mktemp("released") / "learner"
    bundle(ROOT, COURSE, COURSE.chapters, to)
    return to


@pytest.fixture(scope="session")
def python(tmp_path_factory):
    """Makes an interpreter that has a bundle's grader installed, and no network."""

    def make(*folders):
        home = tmp_path_factory.mktemp("venv")
        venv.create(home, symlinks=os.name != "nt")
        binary = home / ("Scripts/python.exe" if os.name == "nt" else "bin/python")
        site = next(home.rglob("site-packages"))
        others = [p for p in sys.path if "site-packages" in p]
        (site / "own.pth").write_text("\n".join([*map(str, folders), *others]), encoding="utf-8")
        (site / "sitecustomize.py").write_text(
            "import socket, sys\n"
            "real = socket.socket.connect\n"
            "def connect(self, address):\n"
            "    if self.family in (socket.AF_INET, socket.AF_INET6):\n"
            f"        open({str(home / 'network')!r}, 'a').write(repr(address))\n"
            "        raise OSError('no network')\n"
            "    return real(self, address)\n"
            "socket.socket.connect = connect\n",
            encoding="utf-8",
        )
        return binary, home / "network"

    return make


# Adding chapters


@pytest.fixture
def in_use(tmp_path):
    """A repository of chapter 1, in which a learner has worked."""
    to = tmp_path / "learner"
    bundle(ROOT, COURSE, [COURSE.chapter("ch01")], to)
    (to / "exercises" / "ch01_landscape.py").write_text("mine = 1\n", encoding="utf-8")
    (to / "notes.txt").write_text("mine\n", encoding="utf-8")
    return to


def contents(folder):
    return {str(p.relative_to(folder)): p.read_bytes() for p in folder.rglob("*") if p.is_file()}


def test_a_chapter_comes_into_a_repository_in_use(in_use, tmp_path):
    """All is as in a new one of both chapters, but for what somebody has written."""
    before = contents(in_use)
    added = add(ROOT, COURSE, [COURSE.chapter("ch02")], in_use)
    assert added.chapters == ("ch02_text",)
    assert added.kept == ("exercises/ch01_landscape.py",)
    bundle(ROOT, COURSE, [COURSE.chapter("ch01"), COURSE.chapter("ch02")], tmp_path / "new")
    after, fresh = contents(in_use), contents(tmp_path / "new")
    mine = {"exercises/ch01_landscape.py", "notes.txt"}
    assert {n: c for n, c in after.items() if n not in mine} == {
        n: c for n, c in fresh.items() if n not in mine
    }
    assert all(after[name] == before[name] for name in mine)
    assert added.written == sum(after[name] != before.get(name) for name in after)
    assert b"| ch02_text |" in after["README.md"] or b"ch02" in after["README.md"]
    assert add(ROOT, COURSE, [COURSE.chapter("ch02")], in_use) == Added((), 0, added.kept)


def test_what_is_changed_in_a_repository_stays_and_what_is_the_courses_own_is_renewed(in_use):
    (in_use / "README.md").write_text("ours\n", encoding="utf-8")
    (in_use / "grader" / "wire.txt").write_text("", encoding="utf-8")
    (in_use / "grader" / "files.py").write_text("broken", encoding="utf-8")
    (in_use / "tests" / "ch01_landscape" / "test_visible.py").unlink()
    added = add(ROOT, COURSE, [COURSE.chapter("ch02")], in_use)
    assert added.kept == ("README.md", "exercises/ch01_landscape.py")
    assert (in_use / "README.md").read_text(encoding="utf-8") == "ours\n"
    own = "grader/files.py", "tests/ch01_landscape/test_visible.py"
    assert all((in_use / name).read_bytes() == (ROOT / name).read_bytes() for name in own)


@pytest.mark.parametrize("what", ["nothing", "a file", "the course itself", "another course"])
def test_chapters_are_added_to_a_learners_repository_only(tmp_path, what):
    to, words = tmp_path / "to", "is no learner's repository"
    if what == "a file":
        to.write_text("", encoding="utf-8")
    elif what == "the course itself":
        to = ROOT
    elif what == "another course":
        bundle(ROOT, COURSE, [COURSE.chapter("ch01")], to)
        manifest = to / "exercises" / "course.toml"
        text = manifest.read_text(encoding="utf-8").replace("ch01_landscape", "ch01_other")
        manifest.write_text(text, encoding="utf-8")
        words = "ch01_other"
    before = contents(tmp_path)
    with pytest.raises(UsageError, match=words):
        add(ROOT, COURSE, [COURSE.chapter("ch02")], to)
    assert contents(tmp_path) == before


# What is in it


def everything(name, content):
    """(name, bytes) of a file and of all that is packed in it, however deep."""
    yield name, content
    if zipfile.is_zipfile(io.BytesIO(content)):
        with zipfile.ZipFile(io.BytesIO(content)) as archive:
            for member in archive.infolist():
                yield from everything(f"{name}!{member.filename}", archive.read(member))
    elif content[:2] == b"\x1f\x8b":
        yield from everything(f"{name}!", gzip.decompress(content))
    else:
        with (
            contextlib.suppress(tarfile.TarError),
            tarfile.open(fileobj=io.BytesIO(content)) as tar,
        ):
            for member in tar.getmembers():
                if member.isfile():
                    yield from everything(f"{name}!{member.name}", tar.extractfile(member).read())


def functions(code):
    """The code objects of functions and classes in a module's code, by name."""
    for constant in code.co_consts:
        if isinstance(constant, types.CodeType):
            yield constant.co_name, constant
            yield from functions(constant)


def fingerprint(code):
    """What compiled code does, whatever file and line it came from."""
    plain = [repr(c) for c in code.co_consts if not isinstance(c, types.CodeType)]
    return code.co_name, code.co_code, tuple(plain), code.co_names


def search(folder, tmp_path):
    """Every place under a folder where something secret is; independent of `grader.leaks`."""
    lines, compiled = set(), set()
    shut = set()
    for path in sorted((ROOT / "tests").glob("*/test_visible.py")):
        shut |= {" ".join(ln.split()) for ln in path.read_text(encoding="utf-8").splitlines()}
    sources = [
        *ROOT.glob("solutions/*.py"),
        *ROOT.glob("tests/*/test_hidden.py"),
        *ROOT.glob("tests/*/wrong/*.py"),
        *ROOT.glob("tests/*/right/*.py"),
    ]
    bodies = set()
    for path in sources:
        text = path.read_text(encoding="utf-8")
        if path.parent.name == "solutions":
            given, body = given_and_bodies(text)
            shut |= {" ".join(ln.split()) for ln in given}
            bodies |= {" ".join(ln.split()) for ln in body}
            stubs = {fingerprint(c) for _, c in functions(compile(stub_of(text, "x"), "x", "exec"))}
            found = {fingerprint(c) for _, c in functions(compile(text, "x", "exec"))}
            compiled |= {f for f in found - stubs if len(f[1]) > 40}
        else:
            lines |= {" ".join(ln.split()) for ln in text.splitlines()}
    secret = {ln for ln in (lines | bodies) - shut - IDIOMS if is_telling(ln)}
    assert len(secret) > 5000
    assert len(compiled) > 100
    places = []
    for path in sorted(p for p in folder.rglob("*") if p.is_file()):
        for name, content in everything(str(path.relative_to(folder)), path.read_bytes()):
            text = content.decode("utf-8", "replace")
            hits = {" ".join(ln.split()) for ln in text.splitlines()} & secret
            places += [(name, hit) for hit in sorted(hits)]
            if name.endswith(".pyc"):
                file = tmp_path / "one.pyc"
                file.write_bytes(content)
                code = SourcelessFileLoader("one", str(file)).get_code("one")
                places += [(name, n) for n, c in functions(code) if fingerprint(c) in compiled]
    return places


def test_nothing_secret_is_in_a_bundle(released, tmp_path):
    assert search(released, tmp_path) == []
    names = {p.relative_to(released).as_posix() for p in released.rglob("*")}
    for word in ("solutions", "hidden", "wrong", "right", "equivalent", "attacks", "decisions"):
        assert not [n for n in names if word in Path(n).name], word
    for name in ("tests/grader", "tests/repo", "benchmarks", ".git", ".ci", "shared"):
        assert name not in names
    assert not [n for n in names if n.endswith((".pyc", ".zip", ".gz", ".sqlite"))]


def _packed(kind, name, content):
    sink = io.BytesIO()
    if kind == "zip":
        with zipfile.ZipFile(sink, "w", zipfile.ZIP_DEFLATED) as archive:
            archive.writestr(name, content)
    elif kind == "gz":
        sink.write(gzip.compress(content))
    else:
        with tarfile.open(fileobj=sink, mode="w:gz") as archive:
            entry = tarfile.TarInfo(name)
            entry.size = len(content)
            archive.addfile(entry, io.BytesIO(content))
    return sink.getvalue()


@pytest.mark.parametrize("how", ["text", "zip", "gz", "tar", "zip in gz", "pyc", "pyc in zip"])
@pytest.mark.parametrize("what", ["solution", "hidden", "wrong"])
def test_the_search_finds_what_is_there(tmp_path, what, how):
    """The search of the test above is no ornament: it finds each kind, however it is packed."""
    sources = {
        "solution": ROOT / "solutions" / "ch03_attention.py",
        "hidden": ROOT / "tests" / "ch03_attention" / "test_hidden.py",
        "wrong": sorted((ROOT / "tests" / "ch03_attention" / "wrong").glob("*.py"))[0],
    }
    if "pyc" in how and what != "solution":
        return  # compiled files are compared with the solutions' functions
    content = sources[what].read_bytes()
    if "pyc" in how:
        py_compile.compile(sources[what], tmp_path / "x.pyc", doraise=True, optimize=0)
        content = (tmp_path / "x.pyc").read_bytes()
    name = "notes.pyc" if "pyc" in how else "notes.txt"
    for kind in {"zip in gz": ["zip", "gz"], "pyc in zip": ["zip"]}.get(how, [how]):
        if kind in ("zip", "gz", "tar"):
            content, name = _packed(kind, name, content), f"notes.{kind}"
    folder = tmp_path / "bundle"
    folder.mkdir()
    (folder / name).write_bytes(content)
    assert len(search(folder, tmp_path)) >= 3


@pytest.mark.parametrize(
    ("name", "content", "words"),
    [
        ("data/notes.txt", "solution", "notes.txt, line"),
        ("data/notes.txt", "hidden", "notes.txt, line"),
        ("data/notes.txt", "wrong", "notes.txt, line"),
        ("data/old.zip", b"PK\x03\x04\xff\xfe", "old.zip is not text"),
        ("data/old.bin", b"\x00", "old.bin is not text"),
    ],
)
def test_a_release_refuses_to_give_away_what_it_must_not(demo, tmp_path, name, content, words):
    demo_answer = demo / "tests" / "ch01_demo" / "wrong" / "adds.py"
    demo_answer.parent.mkdir()
    demo_answer.write_text(
        '"""Adds one hundred and two instead of doubling."""\n', encoding="utf-8"
    )
    texts = {
        "solution": "    return 0.5 * x * (1 + torch.erf(x / 2**0.5))\n",
        "hidden": "def test_gelu_of_large_numbers(chapter,   probe):\n",
        "wrong": '"""Adds one hundred and two instead of doubling."""\n',
    }
    path = demo / "exercises" / name
    path.parent.mkdir()
    path.write_bytes(content if isinstance(content, bytes) else texts[content].encode())
    course = load_course(demo / "exercises" / "course.toml")
    with pytest.raises(KataError, match=words):
        bundle(demo, course, course.chapters, tmp_path / "out")
    assert not (tmp_path / "out").exists()
    path.unlink()
    bundle(demo, course, course.chapters, tmp_path / "out")


def test_a_bundle_has_stubs_even_where_somebody_has_begun(demo, tmp_path):
    stub = demo / "exercises" / "ch01_demo.py"
    stub.write_text("def double(x):\n    return 2 * x\n", encoding="utf-8")
    course = load_course(demo / "exercises" / "course.toml")
    bundle(demo, course, course.chapters, tmp_path / "out")
    text = (tmp_path / "out" / "exercises" / "ch01_demo.py").read_text(encoding="utf-8")
    assert len(unwritten(text)) == 3


def test_a_bundle_is_complete(released):
    there = load_course(released / "exercises" / "course.toml")
    assert there == COURSE
    for chapter in COURSE.chapters:
        assert (released / "tests" / chapter.name / "test_visible.py").is_file()
    readme = (released / "README.md").read_text(encoding="utf-8")
    assert readme.count("\n**") == 3
    assert "$" not in readme
    assert "| `ch03_attention` | 3.3-3.6 | 9 | 20 |" in readme
    json.loads((released / ".vscode" / "settings.json").read_text(encoding="utf-8"))
    assert "Never write, complete, correct" in (released / "AGENTS.md").read_text(encoding="utf-8")
    for name in (".editorconfig", ".gitignore", ".gitattributes", "LICENSE", "Makefile"):
        assert (released / name).read_text(encoding="utf-8").strip()
    assert "advisory" in (released / ".github/workflows/classroom.yml").read_text(encoding="utf-8")
    assert tree(HERE, "") == tree(released / "grader", "")


def test_a_bundles_project_is_ours_without_what_only_we_need(released):
    ours = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))
    theirs = tomllib.loads((released / "pyproject.toml").read_text(encoding="utf-8"))
    for key in ("name", "version", "dependencies", "scripts", "requires-python"):
        assert theirs["project"][key] == ours["project"][key]
    assert set(theirs["project"]["optional-dependencies"]) == {"train"}
    assert theirs["tool"]["setuptools"] == ours["tool"]["setuptools"]
    assert set(theirs["tool"]) == {"setuptools", "pytest"}


def test_a_bundle_can_be_installed(released, tmp_path):
    """Its pyproject.toml builds a package in which every file of the grader is."""
    pytest.importorskip("setuptools")
    work = tmp_path / "work"
    shutil.copytree(released, work)
    code = "from setuptools import build_meta; print(build_meta.build_wheel('out'))"
    done = subprocess.run(
        [sys.executable, "-c", code], cwd=work, capture_output=True, text=True, check=False
    )
    assert done.returncode == 0, done.stderr
    wheel = work / "out" / done.stdout.splitlines()[-1]
    packed = {n for n in zipfile.ZipFile(wheel).namelist() if n.startswith("grader/")}
    assert packed == set(tree(work / "grader", "grader"))


def test_the_readmes_first_step_installs_it(released, python, tmp_path):
    """`pip install -e .` and the `kata` that it makes; only the registry is left out."""
    pytest.importorskip("setuptools")
    readme = (released / "README.md").read_text(encoding="utf-8")
    assert "python -m pip install -c constraints.txt -e .\n" in readme
    home = tmp_path / "learner"
    shutil.copytree(released, home)
    binary, network = python()
    pip = [sys.executable, "-m", "pip", "--python", binary, "install", "--quiet", "--no-index"]
    words = ["--no-deps", "--no-build-isolation", "-c", "constraints.txt", "-e", "."]
    done = subprocess.run([*pip, *words], cwd=home, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    kata = binary.parent / ("kata.exe" if os.name == "nt" else "kata")
    done = subprocess.run([kata, "status"], cwd=home, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    assert "kata check ch01_landscape.next_word_pairs" in done.stdout
    assert not network.exists()


@pytest.mark.skipif(shutil.which("make") is None, reason="there is no make here")
def test_the_makefile_sets_up_once_and_goes_on(released, tmp_path):
    home = tmp_path / "learner"
    shutil.copytree(released, home)

    def plan(*words):
        command = ["make", "-n", *words]
        alone = {k: v for k, v in os.environ.items() if not k.startswith(("MAKE", "MFLAGS"))}
        done = subprocess.run(
            command, cwd=home, capture_output=True, text=True, check=True, env=alone
        )
        return done.stdout.splitlines()

    assert plan("check")[-1] == ".venv/bin/kata check"
    assert any("pip install" in line and line.endswith("-e .") for line in plan())
    (home / ".venv").mkdir()
    ready = home / ".venv" / ".ready"
    ready.touch()
    later = ready.stat().st_mtime + 60
    os.utime(ready, (later, later))
    assert plan() == [".venv/bin/kata status"]


# Some chapters


def test_what_a_chapter_imports_comes_along(tmp_path):
    made = bundle(ROOT, COURSE, [COURSE.chapter("ch04")], tmp_path / "out")
    assert [c.name for c in made.chapters] == ["ch03_attention", "ch04_gpt"]
    assert made.along == ("ch03_attention",)
    there = load_course(tmp_path / "out" / "exercises" / "course.toml")
    assert there.chapters == made.chapters
    assert there.limits == COURSE.limits
    stubs = sorted(p.stem for p in (tmp_path / "out" / "exercises").glob("*.py"))
    assert stubs == ["ch03_attention", "ch04_gpt"]
    for name in stubs:
        tops = {n.module for n in ast.walk(ast.parse((tmp_path / "out" / "exercises" /
                f"{name}.py").read_text(encoding="utf-8")))
                if isinstance(n, ast.ImportFrom) and n.level}  # fmt: skip
        assert tops <= set(stubs)
    readme = (tmp_path / "out" / "README.md").read_text(encoding="utf-8")
    assert "kata check ch03_attention." in readme
    assert "kata build" not in readme


# Nothing of a learner's is lost


def test_a_folder_with_anything_in_it_is_refused(demo, tmp_path):
    course = load_course(demo / "exercises" / "course.toml")
    out = tmp_path / "out"
    out.mkdir()
    bundle(demo, course, course.chapters, out)  # an empty one is taken
    before = sorted(out.rglob("*"))
    with pytest.raises(UsageError, match="is not empty, and may hold a learner's work"):
        bundle(demo, course, course.chapters, out)
    assert sorted(out.rglob("*")) == before
    file = tmp_path / "file"
    file.write_text("x", encoding="utf-8")
    with pytest.raises(UsageError, match="is a file"):
        bundle(demo, course, course.chapters, file)
    assert sorted(p.name for p in tmp_path.iterdir()) == ["demo", "file", "out"]


def test_a_folder_that_was_filled_meanwhile_is_kept(demo, tmp_path, monkeypatch):
    course = load_course(demo / "exercises" / "course.toml")
    out = tmp_path / "out"

    def also_write(path, content, real=Path.write_bytes):
        out.mkdir(exist_ok=True)
        (out / "work.py").touch()
        return real(path, content)

    monkeypatch.setattr(Path, "write_bytes", also_write)
    with pytest.raises(UsageError, match="is not empty"):
        bundle(demo, course, course.chapters, out)
    assert [p.name for p in out.iterdir()] == ["work.py"]
    assert sorted(p.name for p in tmp_path.iterdir()) == ["demo", "out"]


def test_a_release_that_fails_leaves_nothing(demo, tmp_path, monkeypatch):
    course = load_course(demo / "exercises" / "course.toml")

    def full(path, content, real=Path.write_bytes):
        if path.name == "README.md":
            raise OSError(28, "No space left on device")
        return real(path, content)

    monkeypatch.setattr(Path, "write_bytes", full)
    with pytest.raises(UsageError, match="cannot be written: No space left"):
        bundle(demo, course, course.chapters, tmp_path / "deep" / "out")
    assert [p.name for p in tmp_path.iterdir()] == ["demo"]


@pytest.mark.parametrize(
    ("args", "words"),
    [
        (["--to", "a", "--check"], "are different things"),
        (["--gradescope", "--workflow", "."], "are different things"),
        (["--chapters", "ch01"], "--chapters belongs to --to or --gradescope"),
        (["--to", "a", "--force"], "name a folder that does not exist yet"),
        (["--to", "a", "--no-strict"], "--no-strict belongs to --gradescope"),
        (["--add"], "--add belongs to --to"),
        (["--add", "--gradescope", "--to", "a"], "--add belongs to --to"),
        (["--add", "--to", "a"], "--add needs --chapters"),
        (["--to", "a", "--chapters", "ch01,ch09"], "no chapter 'ch09'"),
        (["--to", "solutions"], "is not empty"),
        (["--gradescope", "--to", "a.tar"], "a file that ends with .zip"),
        (["--gradescope", "--to", "no/a.zip"], "is not there"),
        (["--workflow", "nowhere"], "is not a folder"),
    ],
)
def test_bad_usage_is_one_sentence(demo, args, words):
    done = subprocess.run(
        [sys.executable, "-m", "grader", "release", *args],
        cwd=demo, capture_output=True, text=True, check=False,
    )  # fmt: skip
    assert (done.returncode, done.stdout) == (2, "")
    assert words in done.stderr
    assert len(done.stderr.splitlines()) == 1


# A learner at work


def test_a_learner_works_in_a_bundle_offline(released, python, tmp_path):
    home = tmp_path / "somewhere else"
    shutil.copytree(released, home)
    binary, network = python(home)

    def kata(*args, code=0):
        done = subprocess.run(
            [binary, "-I", "-m", "grader", *args],
            cwd=home, capture_output=True, text=True, check=False, timeout=240,
        )  # fmt: skip
        assert done.returncode == code, done.stdout + done.stderr
        assert "Traceback" not in done.stderr
        return done.stdout + done.stderr

    where = "import grader; print(grader.__file__)"
    used = subprocess.run([binary, "-I", "-c", where], capture_output=True, text=True, check=True)
    assert used.stdout.strip() == str(home / "grader" / "__init__.py")

    assert "0 of 201 points done" in kata("status")
    said = kata("check", code=1)
    assert "next: write it in exercises/ch01_landscape.py" in said
    said = kata("check", "softmax", code=1)
    assert "hint: " in said

    # An exercise that needs an earlier chapter says which one to write first.
    def fill(chapter):
        solution = ROOT / "solutions" / f"{chapter}.py"
        (home / "exercises" / f"{chapter}.py").write_bytes(solution.read_bytes())

    fill("ch04_gpt")
    said = kata("check", "ch04", code=1)
    assert "needs ch03_attention.MultiHeadAttention, which is not written yet" in said
    last = "next: write ch03_attention.MultiHeadAttention first, then "
    assert said.splitlines()[-1] == f"{last}`kata check ch03_attention.MultiHeadAttention`"
    fill("ch03_attention")
    for mode in ([], ["--judged"]):
        said = kata("check", "ch04", *mode)
        assert "All visible tests pass" in said
        assert "Hidden tests look deeper, when you have handed it in." in said

    for command in (["grade"], ["diff", "softmax"], ["batch", "."], ["audit"], ["release"]):
        said = kata(*command, code=2)
        assert "the solutions and the hidden tests, which are not in this repository" in said
        assert len(said.splitlines()) == 1
    said = kata("build", "--out", "models/x", code=2)
    assert "is not written yet: finish it" in said
    said = kata("train", "pretrain", code=2)
    assert "is not written yet; write it first (kata check ch02_text." in said
    assert not network.exists()

    pytest_run = subprocess.run(
        [binary, "-m", "pytest", "-q", "tests/ch03_attention"],
        cwd=home, capture_output=True, text=True, check=False, timeout=240,
        env={**os.environ, "PYTEST_DISABLE_PLUGIN_AUTOLOAD": "1"},
    )  # fmt: skip
    assert pytest_run.returncode == 0, pytest_run.stdout
