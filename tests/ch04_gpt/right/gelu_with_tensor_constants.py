"""Makes its constant a tensor at each call, has an __init__ with nothing in it, and factors x out.

exercise: GELU
"""

import torch
from torch import nn


class GELU(nn.Module):
    def __init__(self):
        super().__init__()

    def forward(self, x):
        root = torch.sqrt(torch.tensor(2.0 / torch.pi))
        inner = root * x * (1 + 0.044715 * torch.pow(x, 2))
        return torch.mul(x, 0.5) + torch.mul(x, 0.5) * torch.tanh(inner)
