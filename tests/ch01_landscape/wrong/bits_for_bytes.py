"""Counts bits where bytes were asked for.

exercise: weight_bytes
rejected by: test_visible.py::test_weights_of_gpt3
"""


def weight_bytes(n_params, dtype):
    sizes = {"float64": 64, "float32": 32, "float16": 16, "bfloat16": 16, "int8": 8}
    if dtype not in sizes:
        raise ValueError(f"unknown dtype {dtype!r}")
    return n_params * sizes[dtype]
