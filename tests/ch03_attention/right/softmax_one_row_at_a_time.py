"""Takes the tensor apart into rows and stacks the answers.

exercise: softmax
"""

import torch


def softmax(x, dim):
    rows = x.movedim(dim, -1)
    done = [(r - r.max()).exp() / (r - r.max()).exp().sum() for r in rows.reshape(-1, x.shape[dim])]
    return torch.stack(done).reshape(rows.shape).movedim(-1, dim)
