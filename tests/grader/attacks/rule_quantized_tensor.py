"""Calls the operator on a quantized tensor, below autograd.

outcome: FAILED
exercise: gelu
says: rule 'gelu'
"""

import torch


def gelu(x):
    with torch.inference_mode():
        return torch.nn.functional.gelu(
            torch.quantize_per_tensor(x, 2**-20, 0, torch.qint32)
        ).dequantize()
