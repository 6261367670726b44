"""`kata data get`: a whole and right file, or none, and one sentence that says why."""

import errno
import hashlib
import http.server
import re
import threading
from pathlib import Path

import pytest

from grader import data
from grader.errors import KataError, UsageError

CONTENT = bytes(range(256)) * 1200  # several chunks
SIZE = len(CONTENT)
DIGEST = hashlib.sha256(CONTENT).hexdigest()
OTHER = "0" * 64


class Handler(http.server.BaseHTTPRequestHandler):
    """Serves CONTENT in the way that the path names, and notes each request."""

    def do_GET(self):
        wanted = self.headers.get("Range")
        self.server.seen.append((self.path, wanted))
        getattr(self, f"serve_{self.path.strip('/')}")(wanted)

    def answer(self, code, body=b"", **headers):
        self.send_response(code)
        for name, value in {"Content_Length": len(body), **headers}.items():
            self.send_header(name.replace("_", "-"), str(value))
        self.end_headers()
        self.wfile.write(body)

    def serve_file(self, wanted):
        if wanted is None:
            return self.answer(200, CONTENT)
        start = int(re.fullmatch(r"bytes=(\d+)-", wanted).group(1))
        if start >= len(CONTENT):
            return self.answer(416, Content_Range=f"bytes */{len(CONTENT)}")
        span = f"bytes {start}-{len(CONTENT) - 1}/{len(CONTENT)}"
        return self.answer(206, CONTENT[start:], Content_Range=span)

    def serve_rangeless(self, wanted):
        self.answer(200, CONTENT)

    def serve_wrongrange(self, wanted):
        self.answer(206, CONTENT, Content_Range=f"bytes 0-{len(CONTENT) - 1}/{len(CONTENT)}")

    def serve_truncated(self, wanted):
        self.answer(200, CONTENT[:100_000], Content_Length=len(CONTENT))

    def serve_unsized(self, wanted):
        self.send_response(200)
        self.end_headers()
        self.wfile.write(CONTENT)

    def serve_missing(self, wanted):
        self.answer(404)

    def serve_elsewhere(self, wanted):
        self.answer(302, Location="/file")

    def serve_unsafe(self, wanted):
        self.answer(302, Location="http://example.org/file")

    def serve_otherscheme(self, wanted):
        self.answer(302, Location="ftp://example.org/file")

    def log_message(self, *args):
        pass


@pytest.fixture(autouse=True)
def no_proxy(monkeypatch):
    for name in ("http_proxy", "https_proxy", "all_proxy"):
        monkeypatch.delenv(name, raising=False)
        monkeypatch.delenv(name.upper(), raising=False)


@pytest.fixture
def server():
    made = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    made.seen = []
    made.url = f"http://127.0.0.1:{made.server_port}"
    thread = threading.Thread(target=made.serve_forever, kwargs={"poll_interval": 0.02})
    thread.start()
    yield made
    made.shutdown()
    thread.join()
    made.server_close()


@pytest.fixture
def file(server):
    """A row of the table whose address is a path of the server."""

    def row(path="file", sha256=DIGEST, size=SIZE, name="a-file.bin"):
        return data.File(name, f"{server.url}/{path}", sha256, size)

    return row


def left(folder):
    return sorted(path.name for path in folder.iterdir())


@pytest.mark.parametrize("path", ["file", "unsized", "elsewhere"])
@pytest.mark.parametrize("size", [len(CONTENT), None])
def test_a_file_arrives_whole(file, tmp_path, path, size):
    steps = []
    found = data.get(file(path, size=size), tmp_path / "new", lambda *step: steps.append(step))
    assert found == (tmp_path / "new" / "a-file.bin", True)
    assert found[0].read_bytes() == CONTENT
    assert left(tmp_path / "new") == ["a-file.bin"]
    assert steps[-1][0] == len(CONTENT)
    assert len(steps) > 2
    assert [done for done, _ in steps] == sorted(done for done, _ in steps)
    assert {total for _, total in steps} == {None if path == "unsized" and not size else 307_200}


def test_a_file_that_is_there_is_not_fetched_again(file, server, tmp_path):
    (tmp_path / "a-file.bin").write_bytes(CONTENT)
    assert data.get(file(), tmp_path) == (tmp_path / "a-file.bin", False)
    assert server.seen == []


def test_another_file_of_that_name_is_kept(file, server, tmp_path):
    (tmp_path / "a-file.bin").write_bytes(b"my own work")
    with pytest.raises(KataError, match=r"another file .*" + DIGEST):
        data.get(file(), tmp_path)
    assert (tmp_path / "a-file.bin").read_bytes() == b"my own work"
    assert server.seen == []


def test_a_wrong_hash_leaves_nothing_and_names_both(file, tmp_path):
    with pytest.raises(KataError, match=f"{DIGEST}.*{OTHER}"):
        data.get(file(sha256=OTHER), tmp_path)
    assert left(tmp_path) == []


def test_a_body_that_breaks_off_is_taken_up_where_it_ended(file, server, tmp_path):
    with pytest.raises(KataError, match=r"broke off after 100,000 of 307,200 bytes; run it again"):
        data.get(file("truncated"), tmp_path)
    assert left(tmp_path) == ["a-file.bin.part"]
    assert data.get(file(), tmp_path)[1]
    assert server.seen[-1] == ("/file", "bytes=100000-")
    assert (tmp_path / "a-file.bin").read_bytes() == CONTENT
    assert left(tmp_path) == ["a-file.bin"]


@pytest.mark.parametrize("path", ["rangeless", "wrongrange"])
def test_a_server_that_cannot_go_on_is_read_from_the_beginning(file, tmp_path, path):
    (tmp_path / "a-file.bin.part").write_bytes(CONTENT[:5000])
    assert data.get(file(path), tmp_path)[1]
    assert (tmp_path / "a-file.bin").read_bytes() == CONTENT


@pytest.mark.parametrize("old", [b"x" * 5000, CONTENT + b"x", b"x" * len(CONTENT), b""])
@pytest.mark.parametrize("size", [len(CONTENT), None])
def test_a_part_of_something_else_does_no_harm(file, tmp_path, old, size):
    (tmp_path / "a-file.bin.part").write_bytes(old)
    assert data.get(file(size=size), tmp_path)[1]
    assert (tmp_path / "a-file.bin").read_bytes() == CONTENT
    assert left(tmp_path) == ["a-file.bin"]


def test_a_whole_part_needs_no_network(file, server, tmp_path):
    (tmp_path / "a-file.bin.part").write_bytes(CONTENT)
    assert data.get(file(), tmp_path)[1]
    assert server.seen == []


@pytest.mark.parametrize("path", ["file", "unsized"])
@pytest.mark.parametrize("size", [1000, len(CONTENT) - 1])
def test_what_is_larger_than_it_may_be_is_not_kept(file, tmp_path, path, size):
    with pytest.raises(KataError, match=r"307,200 bytes; expected were|longer than"):
        data.get(file(path, size=size), tmp_path)
    assert sum(entry.stat().st_size for entry in tmp_path.iterdir()) == 0


def test_an_http_error_is_named(file, tmp_path):
    with pytest.raises(KataError, match=r"/missing answered 404 Not Found$"):
        data.get(file("missing"), tmp_path)
    assert left(tmp_path) == []


@pytest.mark.parametrize("path", ["unsafe", "otherscheme"])
def test_a_redirect_to_what_is_not_https_is_refused(file, tmp_path, path):
    with pytest.raises(KataError, match=r"redirects to .*example\.org/file.* refused|not allowed"):
        data.get(file(path), tmp_path)
    assert left(tmp_path) == []


@pytest.mark.parametrize(
    "url", ["http://example.org/x", "http://127.0.0.1.example.org/x", "file:///etc/hosts", "x"]
)
def test_only_https_is_taken(tmp_path, url):
    with pytest.raises(UsageError, match="only https"):
        data.get(data.File("x", url, OTHER), tmp_path)


@pytest.mark.parametrize("name", ["../x", "/x", "a/b", "", ".x", "..", "a\\b"])
def test_a_name_stays_in_its_folder(tmp_path, name):
    with pytest.raises(UsageError, match="not a plain file name"):
        data.get(data.File(name, "https://example.org/x", OTHER), tmp_path)


@pytest.mark.parametrize("sha256", [None, "", "12", DIGEST.upper(), DIGEST + "0"])
def test_nothing_is_fetched_without_a_hash(file, server, tmp_path, sha256):
    with pytest.raises(UsageError, match="sha256"):
        data.get(file(sha256=sha256), tmp_path)
    assert server.seen == []


def test_an_interruption_leaves_no_half_file(file, tmp_path):
    def stop(done, total):
        raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        data.get(file(), tmp_path, stop)
    assert left(tmp_path) == ["a-file.bin.part"]
    assert data.get(file(), tmp_path)[1]


def test_no_network_is_one_sentence(server, tmp_path):
    server.shutdown()
    server.server_close()
    with pytest.raises(KataError, match=r"cannot be reached \(.+\)$"):
        data.get(data.File("x", f"{server.url}/file", OTHER), tmp_path)


def test_a_proxy_that_refuses_is_named_without_its_password(server, tmp_path, monkeypatch):
    proxy = f"127.0.0.1:{server.server_port}"
    monkeypatch.setenv("HTTPS_PROXY", f"http://me:secret@{proxy}")
    monkeypatch.setenv("NO_PROXY", "")
    with pytest.raises(KataError) as caught:  # the server knows no CONNECT
        data.get(data.File("x", "https://example.org/x", OTHER), tmp_path)
    sentence = str(caught.value)
    assert "example.org" in sentence
    assert f"through the proxy {proxy} of HTTPS_PROXY" in sentence
    assert "secret" not in sentence


def test_a_full_disk_is_named(file, tmp_path, monkeypatch):
    def full(*args):
        raise OSError(errno.ENOSPC, "No space left on device")

    with pytest.raises(KataError, match=r"the disk is full: .*a-file\.bin"):
        data.get(file(), tmp_path, full)
    assert "a-file.bin" not in left(tmp_path)


def test_a_folder_that_cannot_be_made_is_named(file, tmp_path):
    (tmp_path / "taken").write_bytes(b"")
    with pytest.raises(KataError, match="cannot be written"):
        data.get(file(), tmp_path / "taken")


def test_the_table_is_sound():
    assert len({file.name for file in data.FILES}) == len(data.FILES) > 0
    for file in data.FILES:
        assert file.url.startswith("https://")
        assert re.fullmatch(r"[0-9a-f]{64}", file.sha256)
        assert file.bytes > 0
        assert file.what
        assert data.find(file.name) is file
    weights = data.find("gpt2-124M")
    assert weights.bytes == 548_105_171
    assert weights.sha256.startswith("248dfc3911869ec4")
    with pytest.raises(UsageError, match=r"no file nothing is known .*gpt2-124M"):
        data.find("nothing")


def test_looking_at_the_table_needs_nothing_heavy():
    source = Path(data.__file__).read_text(encoding="utf-8")
    assert not re.search(r"^\s*(import|from) (torch|rich|typer|requests)", source, re.MULTILINE)
