"""What a process does once before it is forked, so that no fork has to do it again."""

from __future__ import annotations

import contextlib
import gc
import importlib
from collections.abc import Iterable

import torch


def import_ahead(names: Iterable[str]) -> None:
    """Import modules that tests will need, as far as they are there: the test will say so."""
    gc.disable()  # of so many new objects, none is garbage
    for name in names:
        with contextlib.suppress(Exception):
            importlib.import_module(name)
    gc.freeze()
    gc.enable()


def warm() -> None:
    """Make forks of this process cheap; to be called when everything is imported."""
    torch.set_num_threads(1)  # a fork keeps no threads, and small tensors need none
    with torch.random.fork_rng(devices=[]):  # torch looks its kernels up at their first use
        model = torch.nn.Sequential(torch.nn.Linear(3, 4), torch.nn.Dropout(0.1))
        weights = torch.softmax(model(torch.randn(2, 5, 3)), dim=-1)
        (weights @ weights.transpose(1, 2)).mean().backward()
    gc.collect()
    gc.freeze()  # a fork's collector need not touch, and so copy, what was there before
    gc.enable()
