"""Bytes that hostile code could send, and the judge's whole road of receiving them.

`receive` plays a worker that sends these bytes and closes; what comes out of the judge's side is a
value or an exception that fails the test. Everything else is a defect, and raised as `Defect`.
Used with Hypothesis (`test_wire.py`) and with a coverage-guided fuzzer (`benchmarks/fuzz.py`).
"""

import os
import socket
import tempfile

import torch

from grader.course import Limits
from grader.errors import SubjectError
from grader.seam.remote import Handle, Worker
from grader.seam.worker import HEADER

PLAIN = (type(None), bool, int, float, str, bytes, torch.Size, torch.dtype, torch.device)
LIMITS = Limits(call_seconds=5, test_seconds=20)


class Defect(BaseException):
    """What may not come of any bytes; no test and no `except Exception` takes it for a failure."""


class _Nursery:
    """Ends a worker that has none."""

    def kill(self, pid):
        """Nothing to kill."""

    def status(self, pid):
        """It ended by itself."""
        return 0


def check(value, depth=0):
    """Whether this is built of exactly the types that may cross."""
    kind = type(value)
    if depth > 40:
        raise Defect("deeper than the decoder lets in")
    if kind in (list, tuple):
        for item in value:
            check(item, depth + 1)
    elif kind is dict:
        for key, item in value.items():
            check(key, depth + 1)
            check(item, depth + 1)
    elif kind is torch.Tensor:
        if value.requires_grad or not value.is_contiguous() or value.device.type != "cpu":
            raise Defect("a tensor that is not plain")
        value.double() if value.dtype.is_floating_point else value.clone()
    elif kind is not Handle and kind not in PLAIN:
        raise Defect(f"a {kind.__name__} came in")


def receive(data, requests=2, called=lambda *args, **kwargs: None):
    """What the judge's requests come to if a worker sends these bytes.

    Args:
        data: Everything that the worker sends, headers and all.
        requests: How many requests the judge makes, one after the other.
        called: The test's function that the first request hands over.
    """
    connection, theirs = socket.socketpair()
    output, their_output = os.pipe()
    theirs.setsockopt(socket.SOL_SOCKET, socket.SO_SNDBUF, 1 << 22)
    theirs.setblocking(False)
    sent = theirs.send(data) if data else 0
    theirs.shutdown(socket.SHUT_WR)
    os.close(their_output)
    worker = Worker(connection, output, 0, _Nursery(), LIMITS, tempfile.gettempdir())
    found = []
    try:
        target = Handle(worker, 0, "function")
        for _ in range(requests):
            try:
                value = worker.request("call", target, (called,), {})
            except (SubjectError, *ERRORS) as error:
                if not isinstance(error, SubjectError) and not hasattr(error, "subject_frames"):
                    raise Defect(f"{type(error).__name__}: {error}") from error
                str(error), repr(error)
                found.append(error)
            else:
                check(value)
                found.append(value)
    finally:
        connection.close()
        theirs.close()
        os.close(output)
    assert sent == len(data), "more than a socket holds"
    return found


ERRORS = (Exception,)


def frame(number, payload, length=None):
    """One frame, which may lie about its length."""
    return HEADER.pack(len(payload) if length is None else length, number) + payload
