"""Takes bfloat16 for a type of four bytes: it has float32's range, but only half its bits.

exercise: weight_bytes
rejected by: test_visible.py::test_weights_of_gpt3
"""


def weight_bytes(n_params, dtype):
    sizes = {"float64": 8, "float32": 4, "float16": 2, "bfloat16": 4, "int8": 1}
    if dtype not in sizes:
        raise ValueError(f"unknown dtype {dtype!r}")
    return n_params * sizes[dtype]
