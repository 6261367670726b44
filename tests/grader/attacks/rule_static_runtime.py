"""Runs a TorchScript graph in the static runtime, which calls kernels without the dispatcher.

outcome: FAILED
exercise: gelu
says: rule 'gelu'|has no attribute
"""

import torch


class Mine(torch.nn.Module):
    def forward(self, x):
        return torch.nn.functional.gelu(x)


def gelu(x):
    frozen = torch.jit.freeze(torch.jit.script(Mine().eval()))
    return torch._C._jit_to_static_module(frozen._c)(x)
