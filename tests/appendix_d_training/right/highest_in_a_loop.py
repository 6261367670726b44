"""Keeps the largest of the maxima and the negated minima.

exercise: find_highest_gradient
"""


def find_highest_gradient(model):
    highest = None
    for _, parameter in model.named_parameters():
        if parameter.grad is not None:
            for value in (parameter.grad.max().item(), -parameter.grad.min().item()):
                highest = value if highest is None else max(highest, value)
    return highest
