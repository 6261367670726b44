"""Prints a lot, on both streams, in colours."""

import pprint
import sys

import torch


def double(x):
    print("double of", x, "\x1b[31mred\x1b[0m", flush=True)
    pprint.pprint({"x": x}, stream=sys.stderr)
    return x + x


def quadruple(x):
    for i in range(1000):
        print(i, "x" * 60)
    return double(double(x))


def gelu(x):
    sys.stdout.write("gelu ✓\n")
    return 0.5 * x * (1 + torch.erf(x / 2**0.5))
