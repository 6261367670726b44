"""Has a main block with its own experiments, and a command line."""

import argparse

import torch


def double(x):
    return x + x


def quadruple(x):
    return 4 * x


def gelu(x):
    return 0.5 * x * (1 + torch.erf(x / 2**0.5))


if __name__ == "__main__":
    parser = argparse.ArgumentParser()
    parser.add_argument("--x", type=int)
    print(double(parser.parse_args().x))
    raise SystemExit(1)
