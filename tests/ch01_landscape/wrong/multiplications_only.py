"""Counts a multiplication and its addition as one operation.

exercise: training_flops
rejected by: test_hidden.py::test_flops_of_any_run
"""


def training_flops(n_params, n_tokens):
    return 3 * n_params * n_tokens
