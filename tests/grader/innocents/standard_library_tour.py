"""Uses rare corners of the standard library."""

import bisect
import collections
import decimal
import fractions
import heapq
import platform
import random
import re
import secrets
import sqlite3
import statistics
import textwrap
import uuid
import zoneinfo

import torch

NAME = f"{platform.machine()} {uuid.uuid4()} {secrets.token_hex(2)} {random.random()}"


def double(x):
    if isinstance(x, int):
        return int(decimal.Decimal(x) * 2)
    return x + x


def quadruple(x):
    if isinstance(x, int):
        with sqlite3.connect("x.db") as base:
            return base.execute("select 4 * ?", (x,)).fetchone()[0]
    return x * int(fractions.Fraction(8, 2))


def gelu(x):
    assert zoneinfo.ZoneInfo("UTC") and statistics.mean([1, 3]) == 2
    assert textwrap.dedent("  a") == "a" and re.sub("a", "b", "a") == "b"
    return 0.5 * x * (1 + torch.erf(x / 2**0.5))
