"""Uses the closed form, (a - y) x and a - y.

exercise: logistic_gradients
"""


def logistic_gradients(x, w, b, y):
    error = (torch.sigmoid(x * w + b) - y).detach()
    return error * x, error
