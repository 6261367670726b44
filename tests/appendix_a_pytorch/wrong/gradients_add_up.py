"""Calls backward on the caller's tensors, where each call adds to what the last one left in .grad.

exercise: logistic_gradients
rejected by: test_hidden.py::test_a_second_call_gives_the_same_gradients
"""


def logistic_gradients(x, w, b, y):
    w.requires_grad_()
    b.requires_grad_()
    F.binary_cross_entropy(torch.sigmoid(x * w + b), y).backward()
    return w.grad, b.grad
