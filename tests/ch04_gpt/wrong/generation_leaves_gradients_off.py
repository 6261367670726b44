"""Switches gradients off for good.

exercise: generate_text_simple
rejected by: test_hidden.py::test_generation_builds_no_gradient_graph
"""

import torch
from torch import Tensor, nn


def generate_text_simple(
    model: nn.Module, idx: Tensor, max_new_tokens: int, context_size: int
) -> Tensor:
    training = model.training
    model.eval()
    torch.set_grad_enabled(False)
    for _ in range(max_new_tokens):
        idx_next = model(idx[:, -context_size:])[:, -1].argmax(dim=1, keepdim=True)
        idx = torch.cat((idx, idx_next), dim=1)
    model.train(training)
    return idx
