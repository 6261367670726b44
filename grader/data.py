"""The book's own files and GPT-2's weights: one explicit download each, checked by its hash.

`get` streams into NAME.part beside the target, goes on from a .part file that an earlier try left,
and renames it only once its size and sha256 agree: NAME is whole or it is not there. A proxy is
the environment's, as everywhere in urllib (HTTPS_PROXY, NO_PROXY).
"""

from __future__ import annotations

import hashlib
import os
import re
import ssl
import urllib.request
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from errno import EDQUOT, ENOSPC
from http import HTTPStatus
from http.client import HTTPException
from pathlib import Path
from typing import Any
from urllib.error import HTTPError, URLError
from urllib.parse import urlsplit

from .errors import KataError, UsageError

Progress = Callable[[int, int | None], None]

CHUNK = 1 << 16  # bytes read at once
TIMEOUT = 30.0  # seconds without a byte
LARGEST = 16 << 30  # bytes, where the table states no size
LOOPBACK = frozenset({"127.0.0.1", "localhost"})


@dataclass(frozen=True)
class File:
    """A file to bring: its name for the user, where it is, what it must be.

    `sha256` is 64 hex digits; `bytes` is the exact size or None; `what` is a line for the list;
    `saved_as` is the name on disk where it is not `name`.
    """

    name: str
    url: str
    sha256: str | None
    bytes: int | None = None
    what: str = ""
    saved_as: str = ""


# Only files whose hash is established: the story, whose 20,479 characters and 5,145 tokens the book
# counts; the publisher's archive, pinned alike by many projects; and OpenAI's weights. Any other
# file of the book comes with --url and --sha256.
FILES = (
    File(
        "the-verdict.txt",
        "https://raw.githubusercontent.com/rasbt/LLMs-from-scratch/main/ch02/01_main-chapter-code/"
        "the-verdict.txt",
        "b41e41a68f0398a3154ae69e2e4c0e2694e17fe0d66730536837f1b01935b31f",
        20_479,
        "the story of the book's chapters 2 and 5 (Edith Wharton, 1908, public domain)",
    ),
    File(
        "sms_spam_collection.zip",
        "https://archive.ics.uci.edu/static/public/228/sms+spam+collection.zip",
        "1587ea43e58e82b14ff1f5425c88e17f8496bfcdb67a583dbff9eefaf9963ce3",
        203_415,
        "the 5,574 messages of the book's chapter 6 (UCI, CC BY 4.0)",
    ),
    File(
        "gpt2-124M",
        "https://huggingface.co/openai-community/gpt2/resolve/main/model.safetensors",
        "248dfc3911869ec493c76e65bf2fcf7f615828b0254c12b473182f0f81d3a707",
        548_105_171,
        "OpenAI's weights of the smallest GPT-2, for kata build --weights (MIT)",
        "gpt2-124M.safetensors",
    ),
)


def find(name: str) -> File:
    """The table's row of that name; UsageError if there is none."""
    for file in FILES:
        if name == file.name:
            return file
    known = ", ".join(file.name for file in FILES)
    raise UsageError(f"no file {name} is known (known: {known}); others need --url and --sha256")


def get(
    file: File, folder: Path, progress: Progress = lambda done, total: None
) -> tuple[Path, bool]:
    """Bring a file into a folder, unless the right one is there already.

    Args:
        file: What to bring.
        folder: Where to; made if it is not there.
        progress: Called with the bytes here and the bytes in all (None if nobody knows).

    Returns:
        The file's path, and whether it was downloaded now.

    Raises:
        UsageError: The address, the hash or the name is not one that is taken.
        KataError: The download failed. A .part file stays if the next try can go on from it.
    """
    name = file.saved_as or file.name
    if not re.fullmatch(r"[\w+-][\w.+-]*", name):
        raise UsageError(f"{name!r} is not a plain file name")
    if not re.fullmatch(r"[0-9a-f]{64}", file.sha256 or ""):
        raise UsageError(f"{name}: a sha256 of 64 small hex digits is needed, not {file.sha256}")
    if not _allowed(file.url):
        raise UsageError(f"{file.url} is refused: only https addresses are taken")
    target, part = folder / name, folder / f"{name}.part"
    with _one_sentence(file.url, target):
        folder.mkdir(parents=True, exist_ok=True)
        if target.exists():
            found = _sha256(target)
            if found == file.sha256:
                return target, False
            raise KataError(f"{target} is another file (sha256 {found}, not {file.sha256})")
        while True:
            resumed = part.exists()
            found = _download(file, part, progress)
            if found == file.sha256:
                part.replace(target)
                return target, True
            part.unlink()
            if not resumed:  # else the old beginning may be at fault: once more, from zero
                raise KataError(f"{file.url} has the sha256 {found}, not {file.sha256}")


def _sha256(path: Path) -> str:
    with path.open("rb") as stream:
        return hashlib.file_digest(stream, "sha256").hexdigest()


def _download(file: File, part: Path, progress: Progress) -> str:
    """Complete the .part file; its sha256."""
    digest, done = hashlib.sha256(), part.stat().st_size if part.exists() else 0
    if done and done == file.bytes:
        return _sha256(part)
    if file.bytes is not None and done > file.bytes:
        done = 0
    with _open(file.url, done) as answer:
        if done and not _continues(answer, done):
            done = 0
        if done:
            with part.open("rb") as stream:
                digest = hashlib.file_digest(stream, "sha256")
        left = answer.headers.get("Content-Length", "")
        total = done + int(left) if left.isdigit() else file.bytes
        limit = LARGEST if file.bytes is None else file.bytes
        if (total is not None and total > limit) or file.bytes not in (None, total):
            raise KataError(f"{file.url} has {total:,} bytes; expected were {limit:,}")
        with part.open("ab" if done else "wb") as stream:
            while chunk := answer.read(CHUNK):
                done += len(chunk)
                if done > limit:
                    stream.truncate(0)
                    raise KataError(f"{file.url} is longer than {limit:,} bytes")
                stream.write(chunk)
                digest.update(chunk)
                progress(done, total)
    if total is not None and done < total:
        raise KataError(f"{file.url} broke off after {done:,} of {total:,} bytes; run it again")
    return digest.hexdigest()


def _open(url: str, start: int) -> Any:
    """The answer, from byte `start` on if the server can."""
    request = urllib.request.Request(url, headers={"User-Agent": "kata"})  # noqa: S310 - allowed
    if start:
        request.add_header("Range", f"bytes={start}-")
    try:
        return urllib.request.build_opener(_Redirects).open(request, timeout=TIMEOUT)
    except HTTPError as error:
        if start and error.code == HTTPStatus.REQUESTED_RANGE_NOT_SATISFIABLE:
            return _open(url, 0)
        raise


def _continues(answer: Any, start: int) -> bool:
    span = answer.headers.get("Content-Range", "")
    return answer.status == HTTPStatus.PARTIAL_CONTENT and span.startswith(f"bytes {start}-")


def _allowed(url: str) -> bool:
    parts = urlsplit(url)
    return parts.scheme == "https" or (parts.scheme == "http" and parts.hostname in LOOPBACK)


class _Redirects(urllib.request.HTTPRedirectHandler):
    def redirect_request(
        self, req: Any, fp: Any, code: int, msg: str, headers: Any, newurl: str
    ) -> Any:
        if urlsplit(newurl).scheme != urlsplit(req.full_url).scheme or not _allowed(newurl):
            raise KataError(f"{req.full_url} redirects to {newurl}, which is refused: not https")
        return super().redirect_request(req, fp, code, msg, headers, newurl)


@contextmanager
def _one_sentence(url: str, target: Path) -> Iterator[None]:
    """Turn what a network and a disk can do into a sentence."""
    try:
        yield
    except HTTPError as error:
        error.close()
        raise KataError(f"{url} answered {error.code} {error.reason}{_proxy(url)}") from None
    except URLError as error:
        if isinstance(error.reason, ssl.SSLError):
            raise KataError(
                f"{url} could not prove who it is ({error.reason}){_proxy(url)}"
            ) from None
        raise KataError(f"{url} cannot be reached ({error.reason}){_proxy(url)}") from None
    except (HTTPException, TimeoutError, ConnectionError) as error:
        why = str(error) or type(error).__name__
        raise KataError(f"{url} broke off ({why}){_proxy(url)}; run it again") from None
    except OSError as error:
        if error.errno in (ENOSPC, EDQUOT):
            raise KataError(f"the disk is full: {target} needs more room") from None
        raise KataError(f"{target} cannot be written ({error.strerror or error})") from None


def _proxy(url: str) -> str:
    """Names the proxy on the way and the variable that set it, without its password."""
    scheme, host = urlsplit(url).scheme, urlsplit(url).netloc
    proxy = urllib.request.getproxies().get(scheme)
    if not proxy or urllib.request.proxy_bypass(host):
        return ""
    names = (f"{scheme}_proxy", f"{scheme}_proxy".upper())
    variable = next((name for name in names if os.environ.get(name)), "the system's settings")
    return f", through the proxy {proxy.rpartition('@')[2]} of {variable}"
