"""The stand-in for the network: clients of every kind get through, and nothing else does."""

import http.client
import json
import os
import socket
import urllib.error
import urllib.request
from collections.abc import Iterator
from typing import Any

import pytest

try:
    from grader.seam.loopback import Loopback
except ImportError:
    from workbench_http import Loopback


class Echo:
    """A server that answers with the body, back to front, and notes what came."""

    def __init__(self) -> None:
        self.came: list[Any] = []

    def __call__(self, method, path, headers, body):
        self.came.append((method, path, headers.get("content-type"), body))
        if path == "/gone":
            return 404, b'{"error": "gone"}'
        return 200, [b'{"a": 1}\n{"b"', b": 2}\n"] if body == b"stream" else body[::-1]


@pytest.fixture
def echo() -> Echo:
    return Echo()


@pytest.fixture
def loopback() -> Iterator[Loopback]:
    opened = Loopback()
    yield opened
    opened.close()


def test_urllib_posts_and_reads(loopback, echo):
    url = loopback.open(echo)
    assert url == "http://127.0.0.1:11434/api/chat"
    request = urllib.request.Request(url, b"abc", {"Content-Type": "application/json"})
    with urllib.request.urlopen(request, timeout=3) as reply:
        assert reply.read() == b"cba"
    with urllib.request.urlopen(url, iter([b"ab", b"cd"])) as reply:  # a chunked request
        assert reply.readline() == b"dcba"
    with urllib.request.urlopen(url) as reply:
        assert reply.read() == b""
    assert echo.came[0] == ("POST", "/api/chat", "application/json", b"abc")
    assert echo.came[2][0] == "GET"


def test_a_stream_comes_in_chunks(loopback, echo):
    url = loopback.open(echo).replace("127.0.0.1", "localhost")
    with urllib.request.urlopen(url, b"stream") as reply:
        assert [json.loads(line) for line in reply] == [{"a": 1}, {"b": 2}]


def test_an_error_status_is_an_error(loopback, echo):
    url = loopback.open(echo, "/gone")
    with pytest.raises(urllib.error.HTTPError) as caught:
        urllib.request.urlopen(url)
    assert caught.value.code == 404
    assert json.load(caught.value) == {"error": "gone"}


def test_http_client_connects_again(loopback, echo):
    loopback.open(echo)
    connection = http.client.HTTPConnection("127.0.0.1", 11434, timeout=2)
    connection.request("POST", "/p?q=1", body="häh".encode())
    reply = connection.getresponse()
    assert (reply.status, reply.read()) == (200, "häh".encode()[::-1])
    connection.request("POST", "/again", body=b"1" * 100_000)
    assert connection.getresponse().read() == b"1" * 100_000
    connection.close()
    assert [path for _, path, _, _ in echo.came] == ["/p?q=1", "/again"]


@pytest.mark.parametrize("connect", [socket.create_connection, None])
def test_plain_sockets_speak_http(loopback, echo, connect):
    loopback.open(echo)
    if connect:
        line = socket.create_connection(("localhost", 11434))
    else:
        line = socket.socket(socket.AF_INET, socket.SOCK_STREAM)
        line.connect(("127.0.0.1", 11434))
    with line:
        line.sendall(b"POST /raw HTTP/1.1\r\nContent-Length: 2\r\n\r\nok")
        data = b""
        while part := line.recv(7):
            data += part
    assert data.startswith(b"HTTP/1.1 200 OK\r\n")
    assert data.endswith(b"\r\n\r\nko")


def test_several_servers_and_nothing_else(loopback, echo):
    loopback.open(echo)
    other = loopback.open(lambda *_: (200, b"other"))
    with urllib.request.urlopen(other, b"x") as reply:
        assert reply.read() == b"other"
    assert not echo.came
    with pytest.raises(urllib.error.URLError, match="nothing listens"):
        urllib.request.urlopen("http://127.0.0.1:9/")
    with pytest.raises(urllib.error.URLError, match="nothing listens"):
        urllib.request.urlopen("http://example.com/")


def test_a_proxy_is_not_asked(loopback, echo, monkeypatch):
    monkeypatch.setenv("http_proxy", "http://proxy.invalid:3128")
    with urllib.request.urlopen(loopback.open(echo), b"abc") as reply:
        assert reply.read() == b"cba"


def test_everything_is_as_before_afterwards(loopback, echo):
    def state() -> list[Any]:
        return [socket.socket, socket.create_connection, socket.getaddrinfo, dict(os.environ)]

    before = state()
    loopback.open(echo)
    assert state() != before
    loopback.close()
    assert state() == before
    loopback.close()


def test_a_request_that_is_not_whole_does_not_hang(loopback, echo):
    loopback.open(echo)
    line = socket.create_connection(("127.0.0.1", 11434))
    line.sendall(b"POST / HTTP/1.1\r\nContent-Length: 5\r\n\r\nok")
    with pytest.raises(TimeoutError, match="not whole"):
        line.recv(10)
    line.shutdown(socket.SHUT_WR)
    assert line.recv(10) == b""
    assert not echo.came
