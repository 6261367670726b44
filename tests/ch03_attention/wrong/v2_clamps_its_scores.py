"""Cuts scores off at 80, so that larger ones weigh the same.

exercise: SelfAttention_v2
rejected by: test_hidden.py::test_v2_of_large_scores
"""

from torch import Tensor, nn


class SelfAttention_v2(nn.Module):
    def __init__(self, d_in: int, d_out: int, qkv_bias: bool = False) -> None:
        super().__init__()
        self.W_query = nn.Linear(d_in, d_out, bias=qkv_bias)
        self.W_key = nn.Linear(d_in, d_out, bias=qkv_bias)
        self.W_value = nn.Linear(d_in, d_out, bias=qkv_bias)

    def forward(self, x: Tensor) -> Tensor:
        queries = self.W_query(x)  # (T, d_out)
        keys = self.W_key(x)  # (T, d_out)
        values = self.W_value(x)  # (T, d_out)
        scores = (queries @ keys.T).clamp(-80, 80)  # (T, T)
        weights = softmax(scores / keys.shape[1] ** 0.5, dim=1)
        return weights @ values  # (T, d_out)
