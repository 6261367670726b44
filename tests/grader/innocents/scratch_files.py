"""Keeps intermediate results in temporary files."""

import json
import os
import tempfile
from pathlib import Path

import torch


def double(x):
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "x.pt"
        torch.save(x, path)
        y = torch.load(path)
        return y + y


def quadruple(x):
    if isinstance(x, int):
        with tempfile.NamedTemporaryFile("w+", suffix=".json") as file:
            json.dump(x, file)
            file.seek(0)
            return 4 * json.load(file)
    torch.save(x, os.path.join(os.path.expanduser("~"), "x.pt"))
    return 4 * torch.load("x.pt", weights_only=True)


def gelu(x):
    return 0.5 * x * (1 + torch.erf(x / 2**0.5))
