"""Keeps the prediction away from 0 and 1, where gradients vanish.

exercise: logistic_gradients
rejected by: test_hidden.py::test_gradients_are_those_of_the_cross_entropy
"""


def logistic_gradients(x, w, b, y):
    w, b = (tensor.detach().clone().requires_grad_() for tensor in (w, b))
    a = torch.sigmoid(x * w + b).clamp(1e-3, 1 - 1e-3)
    loss = -(y * a.log() + (1 - y) * (1 - a).log()).sum()
    return torch.autograd.grad(loss, (w, b))
