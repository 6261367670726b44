"""Divides bits by 8 with /, which gives a float that is not exact for large models.

exercise: weight_bytes
rejected by: test_hidden.py::test_bytes_are_exact
"""


def weight_bytes(n_params, dtype):
    bits = {"float64": 64, "float32": 32, "float16": 16, "bfloat16": 16, "int8": 8}
    if dtype not in bits:
        raise ValueError(f"unknown dtype {dtype!r}")
    return n_params * bits[dtype] / 8
