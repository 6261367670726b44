"""Gives gigabytes where bytes were asked for.

exercise: weight_bytes
rejected by: test_visible.py::test_weights_of_gpt3
"""


def weight_bytes(n_params, dtype):
    sizes = {"float64": 8, "float32": 4, "float16": 2, "bfloat16": 2, "int8": 1}
    if dtype not in sizes:
        raise ValueError(f"unknown dtype {dtype!r}")
    return n_params * sizes[dtype] // 10**9
