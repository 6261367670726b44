"""Is off by one and wastes a place of the context.

exercise: generate_text_simple
rejected by: test_visible.py::test_generation_shows_the_model_the_last_tokens_only
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
                logits = model(idx[:, -max(context_size - 1, 1) :])  # (B, min(T, context_size), V)
                idx_next = logits[:, -1].argmax(dim=-1, keepdim=True)  # (B, 1)
                idx = torch.cat((idx, idx_next), dim=1)  # (B, T + 1)
    finally:
        for module, mode in modes:
            module.training = mode
    return idx
