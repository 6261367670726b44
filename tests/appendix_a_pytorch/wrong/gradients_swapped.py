"""Returns the gradient of the bias first.

exercise: logistic_gradients
rejected by: test_visible.py::test_gradients_of_one_example
"""


def logistic_gradients(x, w, b, y):
    w, b = w.detach().clone().requires_grad_(), b.detach().clone().requires_grad_()
    loss = F.binary_cross_entropy(torch.sigmoid(x * w + b), y)
    return torch.autograd.grad(loss, (b, w))
