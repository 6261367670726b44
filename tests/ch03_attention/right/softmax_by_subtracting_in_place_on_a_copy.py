"""Works in place on a clone, with pow instead of exp.

exercise: softmax
"""

import math

import torch


def softmax(x, dim):
    y = x.clone()
    y -= y.detach().amax(dim, True)
    y = torch.pow(math.e, y)
    return y.div(y.sum(dim, True))
