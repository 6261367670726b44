"""Learners' repositories are read, and nothing in them is run, followed or believed."""

import base64
import csv
import http.server
import json
import os
import subprocess
import sys
import threading

import pytest

from grader import collect as module
from grader.collect import collect, read_roster
from grader.errors import UsageError
from grader.handin import HandIn, find, read

CHAPTERS = ["ch01_demo", "ch02_demo"]
QUIET = {"GIT_CONFIG_GLOBAL": os.devnull, "GIT_CONFIG_NOSYSTEM": "1"}


def git(*args, cwd, **environment):
    words = ["git", "-c", "user.name=a", "-c", "user.email=a@b.example", *map(str, args)]
    settings = {**os.environ, **QUIET, **environment}
    settings.pop("GIT_DIR", None)
    return subprocess.run(words, cwd=cwd, env=settings, check=True, capture_output=True, text=True)


@pytest.fixture
def repository(tmp_path):
    """Makes a bare repository out of files; a link is given as (target,)."""

    def make(name, files, more=()):
        work = tmp_path / "work" / name
        work.mkdir(parents=True)
        git("init", "-q", "-b", "main", cwd=work)
        for path, content in files.items():
            file = work / path
            file.parent.mkdir(parents=True, exist_ok=True)
            if isinstance(content, tuple):
                file.symlink_to(content[0])
            else:
                file.write_bytes(content if isinstance(content, bytes) else content.encode())
        if files:
            git("add", "-A", "-f", cwd=work)
        for words in more:
            git(*words, cwd=work)
        if files:
            git("commit", "-q", "-m", "work", cwd=work)
        bare = tmp_path / "hosting" / f"{name}.git"
        git("clone", "-q", "--bare", work, bare, cwd=tmp_path)
        return str(bare)

    return make


def modules(folder, name):
    return read(HandIn(name, folder / name), CHAPTERS)


def test_chapters_are_read_as_they_were_committed(repository, tmp_path):
    text = b"def f():\r\n    return '\xc3\xa4'\n"
    files = {"exercises/ch01_demo.py": text, "README.md": "x", "grader/cli.py": "x"}
    roster = [("alice", repository("alice", files)), ("bob", repository("bob", {}))]
    out = tmp_path / "submissions"
    found = collect(roster, CHAPTERS, out)
    assert found.failed == {}
    head = git("rev-parse", "HEAD", cwd=tmp_path / "hosting" / "alice.git").stdout.strip()
    assert found.commits == {"alice": head, "bob": ""}
    there = modules(out, "alice")
    assert there["ch01_demo"].data == text
    assert not there["ch02_demo"].handed_in
    assert not modules(out, "bob")["ch01_demo"].handed_in
    files = [p.relative_to(out).as_posix() for p in out.rglob("*") if p.is_file()]
    assert sorted(files) == [".collected.json", "alice/exercises/ch01_demo.py"]
    record = json.loads((out / ".collected.json").read_text(encoding="utf-8"))
    assert record == {"commits": {"alice": head, "bob": ""}, "failed": {}}
    assert [one.name for one in find(out)[0]] == ["alice", "bob"]


@pytest.fixture
def trapped(tmp_path, monkeypatch):
    """A user whose git runs programs: hooks, a filter and LFS; returns the file that they make."""
    marker = tmp_path / "marker"
    hooks = tmp_path / "home" / "hooks"
    hooks.mkdir(parents=True)
    for name in ("post-checkout", "post-merge", "reference-transaction", "post-index-change"):
        (hooks / name).write_text(f"#!/bin/sh\necho {name} >> {marker}\n", encoding="utf-8")
        (hooks / name).chmod(0o755)
    settings = tmp_path / "home" / ".gitconfig"
    run = f"sh -c 'echo filter >> {marker}; cat'"
    settings.write_text(
        f"[core]\n  hooksPath = {hooks}\n  fsmonitor = {hooks / 'post-merge'}\n"
        + "".join(f'[filter "{name}"]\n  smudge = "{run}"\n' for name in ("evil", "lfs"))
        + "[submodule]\n  recurse = true\n",
        encoding="utf-8",
    )
    monkeypatch.setenv("HOME", str(tmp_path / "home"))
    monkeypatch.setenv("GIT_CONFIG_GLOBAL", str(settings))
    monkeypatch.setenv("GIT_DIR", str(tmp_path / "elsewhere"))
    return marker


def hostile(repository):
    other = repository("other", {"ch02_demo.py": "x = 1\n"})
    return repository(
        "mallory",
        {
            "ch01_demo.py": "x = 1\n",
            "ch02_demo.py": ("/etc/passwd",),
            ".gitattributes": "*.py filter=evil diff=evil export-subst\n*.bin filter=lfs\n",
            "big.bin": "version https://git-lfs.github.com/spec/v1\n",
            ".gitmodules": f'[submodule "s"]\n  path = s\n  url = {other}\n',
        },
        [("update-index", "--add", "--cacheinfo", f"160000,{'1' * 40},s")],
    )


def test_no_hook_no_filter_and_no_submodule_runs(repository, tmp_path, trapped):
    address = hostile(repository)
    found = collect([("mallory", address)], CHAPTERS, tmp_path / "submissions")
    assert found.failed == {}
    assert not trapped.exists()
    there = modules(tmp_path / "submissions", "mallory")
    assert there["ch01_demo"].data == b"x = 1\n"
    assert not there["ch02_demo"].handed_in  # a link is no file
    assert len(list((tmp_path / "submissions" / "mallory").rglob("*"))) == 1
    # What a check-out would have run, so that the marker above says something.
    environment = {k: v for k, v in os.environ.items() if k != "GIT_DIR"}
    plain = ["git", "clone", "-q", "--no-recurse-submodules", address, str(tmp_path / "plain")]
    subprocess.run(plain, env=environment, check=False, capture_output=True)
    assert {"filter", "post-checkout"} <= set(trapped.read_text(encoding="utf-8").split())


@pytest.mark.parametrize("filters", [False, True])
def test_what_is_too_large_is_said(repository, tmp_path, filters):
    address = repository(
        "alice",
        {"ch01_demo.py": b"#" * (2 << 20), "ch02_demo.py": "y = 2\n", "video.mp4": b"x" * 99},
    )
    if filters:
        git("config", "uploadpack.allowFilter", "true", cwd=address)
    found = collect([("alice", address)], CHAPTERS, tmp_path / "submissions")
    assert found.failed == {}
    there = modules(tmp_path / "submissions", "alice")
    assert there["ch01_demo"].why == "ch01_demo.py is larger than 1,048,576 bytes"
    assert there["ch02_demo"].data == b"y = 2\n"


def test_a_repository_that_cannot_be_read_leaves_what_was_there(repository, tmp_path):
    address = repository("alice", {"ch01_demo.py": "x = 1\n"})
    out = tmp_path / "submissions"
    collect([("alice", address), ("bob", address)], CHAPTERS, out)
    found = collect([("alice", str(tmp_path / "gone")), ("bob", address)], CHAPTERS, out)
    assert list(found.failed) == ["alice"]
    assert "does not exist" in found.failed["alice"] or "not found" in found.failed["alice"]
    assert modules(out, "alice")["ch01_demo"].data == b"x = 1\n"
    assert sorted(p.name for p in out.iterdir()) == [".collected.json", "alice", "bob"]


def test_a_repository_that_does_not_answer_costs_its_time_alone(repository, tmp_path, monkeypatch):
    address = repository("alice", {"ch01_demo.py": "x = 1\n"})
    monkeypatch.setattr(module, "SECONDS", 0)
    found = collect([("alice", address)], CHAPTERS, tmp_path / "submissions")
    assert found.failed == {"alice": "cannot be read within 0 s"}


def test_what_was_deleted_is_gone(repository, tmp_path):
    out = tmp_path / "submissions"
    first = repository("first", {"ch01_demo.py": "x = 1\n"})
    second = repository("second", {"ch02_demo.py": "y = 2\n"})
    collect([("alice", first)], CHAPTERS, out)
    collect([("alice", second)], CHAPTERS, out)
    assert [p.name for p in (out / "alice").iterdir()] == ["ch02_demo.py"]


@pytest.mark.parametrize("scheme", ["ext::sh -c touch%s{marker}", "http://127.0.0.1:9/x", "fd::3"])
def test_only_known_protocols_are_used(tmp_path, scheme):
    marker = tmp_path / "marker"
    address = scheme.replace("{marker}", str(marker)).replace("%s", "% ")
    found = collect([("eve", address)], CHAPTERS, tmp_path / "submissions")
    assert "not allowed" in found.failed["eve"]
    assert not marker.exists()


@pytest.fixture
def server():
    """A server on this machine that notes the headers it is sent, and has nothing."""
    seen = []

    class Handler(http.server.BaseHTTPRequestHandler):
        def do_GET(self):
            seen.append(self.headers.get("Authorization"))
            self.send_error(404)

        def log_message(self, *args):
            pass

    running = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    thread = threading.Thread(target=running.serve_forever, daemon=True)
    thread.start()
    yield f"http://127.0.0.1:{running.server_port}/", seen
    running.shutdown()
    running.server_close()
    thread.join()


@pytest.mark.parametrize("theirs", [True, False])
def test_the_token_goes_to_its_server_alone(server, tmp_path, monkeypatch, theirs):
    address, seen = server
    monkeypatch.setitem(module._SETTINGS, "protocol.http.allow", "always")
    monkeypatch.setenv("KATA_GIT_TOKEN", "s3cret-token")
    if theirs:
        monkeypatch.setenv("KATA_GIT_SERVER", address)
    started = []
    real = subprocess.run

    def spy(words, **options):
        started.append(words)
        return real(words, **options)

    monkeypatch.setattr(module.subprocess, "run", spy)
    found = collect([("alice", f"{address}alice")], CHAPTERS, tmp_path / "submissions")
    expected = base64.b64encode(b"x-access-token:s3cret-token").decode()
    assert seen
    assert set(seen) == ({f"Basic {expected}"} if theirs else {None})
    assert "s3cret-token" not in str(started) + str(found)
    assert expected not in str(started) + str(found)


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("name\nalice\n", "no column 'repository'"),
        ("name,repository\n", "names nobody"),
        ("name,repository\nalice,\n", "line 2: a name and a repository each"),
        ("name,repository\nalice,--upload-pack=touch x\n", "a name and a repository each"),
        ("name,repository\n../alice,x\n", "is no name for a folder"),
        ("name,repository\n.git,x\n", "is no name for a folder"),
        ("name,repository\nalice,x\nAlice,y\n", "'alice' is there twice"),
    ],
)
def test_a_bad_roster_is_one_sentence(tmp_path, text, words):
    path = tmp_path / "roster.csv"
    path.write_text(text, encoding="utf-8")
    with pytest.raises(UsageError, match=words):
        read_roster(path)


def test_the_command_says_what_it_read(demo, repository, tmp_path):
    address = repository("alice", {"ch01_demo.py": "x = 1\n"})
    roster = demo / "roster.csv"
    with roster.open("w", encoding="utf-8", newline="") as file:
        csv.writer(file).writerows(
            [("name", "repository"), ("alice", address), ("bob", str(tmp_path / "none"))]
        )
    done = subprocess.run(
        [sys.executable, "-m", "grader", "collect", "roster.csv", "--to", "in"],
        cwd=demo, capture_output=True, text=True, check=False,
    )  # fmt: skip
    assert done.returncode == 3
    assert done.stdout == "in: 1 of 2 repositories read\n"
    assert done.stderr.startswith("bob: fatal:")
    assert (demo / "in" / "alice" / "ch01_demo.py").is_file()
    assert not (demo / "in" / "bob").exists()
