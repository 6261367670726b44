"""Takes the way back to cost as much as the way forward; it costs twice as much.

exercise: training_flops
rejected by: test_visible.py::test_flops_of_gpt3
"""


def training_flops(n_params, n_tokens):
    return 4 * n_params * n_tokens
