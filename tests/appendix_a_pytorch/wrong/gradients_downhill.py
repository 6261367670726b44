"""Returns the direction of the update, which is the gradient with its sign turned.

exercise: logistic_gradients
rejected by: test_visible.py::test_gradients_of_one_example
"""


def logistic_gradients(x, w, b, y):
    a = torch.sigmoid(x * w + b)
    return (y - a) * x, y - a
