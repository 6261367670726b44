"""Takes four bytes for a parameter of any type.

exercise: weight_bytes
rejected by: test_visible.py::test_weights_of_gpt3
"""


def weight_bytes(n_params, dtype):
    if dtype not in ("float64", "float32", "float16", "bfloat16", "int8"):
        raise ValueError(f"unknown dtype {dtype!r}")
    return n_params * 4
