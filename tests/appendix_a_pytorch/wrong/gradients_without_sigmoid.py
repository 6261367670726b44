"""Leaves the sigmoid out, so that the loss is that of a linear model.

exercise: logistic_gradients
rejected by: test_visible.py::test_gradients_of_one_example
"""


def logistic_gradients(x, w, b, y):
    w, b = w.detach().clone().requires_grad_(), b.detach().clone().requires_grad_()
    loss = ((x * w + b - y) ** 2).mean()
    return torch.autograd.grad(loss, (w, b))
