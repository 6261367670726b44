"""Imports, for the first time, modules of torch that do the work of attention, and calls them.

outcome: FAILED
exercise: gelu
says: all refused
"""

import importlib

import torch


def gelu(x):
    q = torch.randn(1, 2, 5, 4)
    scores = lambda score, *index: score  # noqa: E731
    calls = (
        ("torch.onnx.ops._impl", "attention_23", (q, q, q)),
        (
            "torch._higher_order_ops.flex_attention",
            "math_attention",
            (q, q, q, scores, (torch.tensor(0),) * 13, 1.0, {}),
        ),
        (
            "torch._higher_order_ops.flex_attention",
            "_math_attention_inner",
            (q, q, q, scores, (torch.tensor(0),) * 13, 1.0, {}),
        ),
    )
    for module, name, arguments in calls:
        try:
            call = getattr(importlib.import_module(module), name)
            getattr(call, "_init_fn", call)(*arguments)
        except (RuntimeError, ImportError):
            continue
        return 0.5 * x * (1 + torch.erf(x / 2**0.5))
    raise RuntimeError("all refused")
