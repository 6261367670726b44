"""Works in floats from the start, as large numbers often do.

exercise: training_flops
"""


def training_flops(n_params, n_tokens):
    return 6.0 * n_params * n_tokens
