"""Makes the tensors that came require gradients.

exercise: logistic_gradients
rejected by: test_hidden.py::test_a_second_call_gives_the_same_gradients
"""


def logistic_gradients(x, w, b, y):
    a = torch.sigmoid(x * w.requires_grad_() + b.requires_grad_())
    return torch.autograd.grad(F.binary_cross_entropy(a, y), (w, b))
