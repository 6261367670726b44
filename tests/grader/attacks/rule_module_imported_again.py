"""Takes a closed module out of sys.modules and imports it again.

outcome: FAILED
exercise: gelu
says: rule|tiktoken
"""

import sys

import torch


def gelu(x):
    sys.modules.pop("tiktoken", None)
    import tiktoken

    assert tiktoken.Encoding
    return 0.5 * x * (1 + torch.erf(x / 2**0.5))
