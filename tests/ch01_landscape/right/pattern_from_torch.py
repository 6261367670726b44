"""Draws the triangle with torch.tril and turns it into lists.

exercise: attention_pattern
"""

import torch


def attention_pattern(kind, T):
    if kind not in {"encoder", "decoder", "cross"}:
        raise ValueError(f"kind={kind}")
    every = torch.ones(T, T)
    return (torch.tril(every) if kind == "decoder" else every).bool().tolist()
