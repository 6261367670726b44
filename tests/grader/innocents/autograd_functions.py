"""Has an autograd function and hooks of its own."""

import torch


class Double(torch.autograd.Function):
    @staticmethod
    def forward(context, x):
        return x + x

    @staticmethod
    def backward(context, grad):
        return grad + grad


def double(x):
    return Double.apply(x) if isinstance(x, torch.Tensor) else 2 * x


def quadruple(x):
    return double(double(x))


def gelu(x):
    y = x.detach().requires_grad_()
    y.register_hook(lambda grad: grad)
    (0.5 * y * y).sum().backward()
    return 0.5 * y.grad * (1 + torch.erf(x / 2**0.5))
