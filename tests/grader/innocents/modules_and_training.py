"""Trains a model for a few steps to find the factor, then rounds it."""

import torch


def _factor(wanted):
    torch.manual_seed(0)
    model = torch.nn.Linear(1, 1, bias=False)
    optimizer = torch.optim.AdamW(model.parameters(), lr=0.3, weight_decay=0.0)
    x = torch.arange(1.0, 5.0)[:, None]
    for _ in range(300):
        optimizer.zero_grad()
        ((model(x) - wanted * x) ** 2).mean().backward()
        optimizer.step()
    return round(model.weight.item())


def double(x, _known={}):
    if 2 not in _known:
        _known[2] = _factor(2)
    return _known[2] * x


def quadruple(x):
    return double(double(x))


def gelu(x):
    return 0.5 * x * (1 + torch.erf(x / 2**0.5))
