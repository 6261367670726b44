"""Uses the module, a subclass of it, and one that is made without __init__.

outcome: FAILED
exercise: gelu
says: rule 'gelu'
"""

import torch


class Mine(torch.nn.GELU):
    def __init__(self):
        torch.nn.Module.__init__(self)
        self.approximate = "none"


def gelu(x):
    return Mine()(x)
