"""Counts the operations for a single token.

exercise: training_flops
rejected by: test_hidden.py::test_flops_of_any_run
"""


def training_flops(n_params, n_tokens):
    return 6 * n_params
