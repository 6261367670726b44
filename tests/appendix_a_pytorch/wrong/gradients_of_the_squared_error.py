"""Uses the squared error of the probability, not the cross-entropy.

exercise: logistic_gradients
rejected by: test_hidden.py::test_gradients_are_those_of_the_cross_entropy
"""


def logistic_gradients(x, w, b, y):
    w, b = w.detach().clone().requires_grad_(), b.detach().clone().requires_grad_()
    loss = ((torch.sigmoid(x * w + b) - y) ** 2).mean()
    return torch.autograd.grad(loss, (w, b))
