"""Gives the count as a tensor, where an int was asked for.

exercise: trainable_parameters
rejected by: test_visible.py::test_trainable_values_are_counted
"""

import torch


def trainable_parameters(model):
    return torch.tensor([p.numel() for p in model.parameters() if p.requires_grad]).sum()
