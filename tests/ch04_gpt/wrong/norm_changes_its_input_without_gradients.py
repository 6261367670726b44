"""Works in place, and so changes x, where no gradients are recorded.

exercise: LayerNorm
rejected by: test_hidden.py::test_norm_keeps_the_dtype_and_the_input
"""

import torch
from torch import Tensor, nn


class LayerNorm(nn.Module):
    def __init__(self, emb_dim: int) -> None:
        super().__init__()
        self.scale = nn.Parameter(torch.ones(emb_dim))
        self.shift = nn.Parameter(torch.zeros(emb_dim))

    def forward(self, x: Tensor) -> Tensor:
        var, mean = torch.var_mean(x, dim=-1, correction=0, keepdim=True)
        x = x - mean if torch.is_grad_enabled() else x.sub_(mean)
        return self.scale * x / torch.sqrt(var + 1e-5) + self.shift
