"""Calls the operator in a compiled graph and in graphs of torch.fx.

outcome: FAILED
exercise: gelu
says: rule 'gelu'|did not return within
"""

import torch


def gelu(x):
    try:
        return torch.compile(torch.nn.functional.gelu, backend="eager")(x)
    except Exception:
        return torch.fx.symbolic_trace(lambda x: torch.nn.functional.gelu(x))(x)
