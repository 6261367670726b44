"""Calls backward on clones: the clone of a tensor that requires gradients is no leaf and gets no .grad.

exercise: logistic_gradients
rejected by: test_hidden.py::test_weights_may_require_gradients_already
"""


def logistic_gradients(x, w, b, y):
    w, b = w.clone().requires_grad_(), b.clone().requires_grad_()
    F.binary_cross_entropy(torch.sigmoid(x * w + b), y).backward()
    return w.grad, b.grad
