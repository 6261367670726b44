"""Calls the operator under vmap, jvp and functionalize.

outcome: FAILED
exercise: gelu
says: rule 'gelu'
"""

import torch


def gelu(x):
    for transform in (
        lambda f: torch.func.vmap(f),
        lambda f: torch.func.functionalize(f),
        lambda f: lambda x: torch.func.jvp(f, (x,), (x,))[0],
        lambda f: lambda x: torch.func.vmap(torch.func.vmap(f))(x[None])[0],
    ):
        try:
            return transform(torch.nn.functional.gelu)(x)
        except RuntimeError as error:
            last = error
    raise last
