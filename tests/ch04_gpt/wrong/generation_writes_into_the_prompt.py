"""Lets the caller's own tensor grow.

exercise: generate_text_simple
rejected by: test_hidden.py::test_generation_leaves_prompt_and_random_stream
"""

import torch
from torch import Tensor, nn


def generate_text_simple(
    model: nn.Module, idx: Tensor, max_new_tokens: int, context_size: int
) -> Tensor:
    if max_new_tokens < 0 or context_size < 1:
        raise ValueError(
            f"max_new_tokens must be at least 0 and is {max_new_tokens}, "
            f"context_size at least 1 and is {context_size}"
        )
    modes = [(module, module.training) for module in model.modules()]
    model.eval()
    try:
        with torch.no_grad():
            for _ in range(max_new_tokens):
                logits = model(idx[:, -context_size:])  # (B, min(T, context_size), V)
                idx_next = logits[:, -1].argmax(dim=-1, keepdim=True)  # (B, 1)
                idx.data = torch.cat((idx, idx_next), dim=1)
    finally:
        for module, mode in modes:
            module.training = mode
    return idx
