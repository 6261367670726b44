"""Calls torch's scaled_dot_product_attention, which takes (T, d) as well.

exercise: SelfAttention_v2
rejected by: test_visible.py::test_v2_is_written_from_scratch
"""

from torch import Tensor, nn
from torch.nn import functional as F


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
        return F.scaled_dot_product_attention(queries, keys, values)  # (T, d_out)
