"""Restores modes with a context manager and calls itself for each token; a softmax stands before
argmax.

exercise: generate_text_simple
"""

from contextlib import contextmanager

import torch


@contextmanager
def _evaluating(model):
    training = {module for module in model.modules() if module.training}
    model.eval()
    try:
        yield
    finally:
        for module in model.modules():
            module.training = module in training


@torch.no_grad()
def generate_text_simple(model, idx, max_new_tokens, context_size):
    if not (max_new_tokens >= 0 and context_size >= 1):
        raise ValueError(f"{max_new_tokens=} must be >= 0, {context_size=} must be >= 1")
    if max_new_tokens == 0:
        return idx
    with _evaluating(model):
        context = idx if idx.shape[1] <= context_size else idx[:, idx.shape[1] - context_size :]
        probabilities = torch.softmax(model(context)[:, -1, :], dim=-1)
        best = torch.argmax(probabilities, dim=-1).unsqueeze(-1)
        idx = torch.hstack([idx, best])
        return generate_text_simple(model, idx, max_new_tokens - 1, context_size)
