"""Calls the operator on a tensor of oneDNN's, below autograd, where it has another kernel.

outcome: FAILED
exercise: gelu
says: rule 'gelu'
"""

import torch


def gelu(x):
    with torch.inference_mode():
        return torch.nn.functional.gelu(x.to_mkldnn()).to_dense().clone()
