"""Uses the Python bodies that torch holds for its compilers.

outcome: FAILED
exercise: gelu
says: rule 'gelu'
"""

import torch
import torch._decomp
import torch._refs.nn.functional


def gelu(x):
    for call in (
        torch._refs.nn.functional.gelu,
        torch._refs.nn.functional.gelu.__wrapped__,
        torch._decomp.decomposition_table[torch.ops.aten.gelu.default],
    ):
        try:
            return call(x)
        except RuntimeError as error:
            last = error
    raise last
