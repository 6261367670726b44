"""Counts the way forward only, and forgets that gradients cost twice as much again.

exercise: training_flops
rejected by: test_visible.py::test_flops_of_gpt3
"""


def training_flops(n_params, n_tokens):
    return 2 * n_params * n_tokens
