"""Differentiates by the tensors that came, and clears their gradients.

exercise: logistic_gradients
rejected by: test_hidden.py::test_weights_may_require_gradients_already
"""


def logistic_gradients(x, w, b, y):
    flags = w.requires_grad, b.requires_grad
    w.requires_grad_()
    b.requires_grad_()
    w.grad = b.grad = None
    F.binary_cross_entropy_with_logits(x * w + b, y).backward()
    dw, db = w.grad, b.grad
    w.grad = b.grad = None
    w.requires_grad_(flags[0])
    b.requires_grad_(flags[1])
    return dw, db
