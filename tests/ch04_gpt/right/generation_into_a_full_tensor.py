"""Writes into a tensor of the final size, in inference mode, with topk in place of argmax.

exercise: generate_text_simple
"""

import torch


def generate_text_simple(model, idx, max_new_tokens, context_size):
    if max_new_tokens < 0:
        raise ValueError(f"max_new_tokens must not be negative: {max_new_tokens}")
    if context_size <= 0:
        raise ValueError(f"context_size must be positive: {context_size}")
    was = {name: module.training for name, module in model.named_modules()}
    B, T = idx.shape
    out = idx.new_empty(B, T + max_new_tokens)
    out[:, :T] = idx
    try:
        model.train(False)
        with torch.inference_mode():
            for end in range(T, T + max_new_tokens):
                start = max(0, end - context_size)
                out[:, end] = model(out[:, start:end])[:, -1, :].topk(1).indices.squeeze(1)
    finally:
        for name, module in model.named_modules():
            module.training = was[name]
    return out
