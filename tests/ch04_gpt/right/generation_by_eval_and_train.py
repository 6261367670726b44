"""Remembers the mode of the whole model and goes back to it with train().

exercise: generate_text_simple
"""

import torch
from torch import Tensor, nn


@torch.no_grad()
def generate_text_simple(
    model: nn.Module, idx: Tensor, max_new_tokens: int, context_size: int
) -> Tensor:
    training = model.training
    model.eval()
    for _ in range(max_new_tokens):
        idx_next = model(idx[:, -context_size:])[:, -1].argmax(dim=1, keepdim=True)
        idx = torch.cat((idx, idx_next), dim=1)
    model.train(training)
    return idx
