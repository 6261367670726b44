"""Takes every type that it does not know for float32.

exercise: weight_bytes
rejected by: test_hidden.py::test_unknown_types_are_refused
"""


def weight_bytes(n_params, dtype):
    return n_params * {"float64": 8, "float16": 2, "bfloat16": 2, "int8": 1}.get(dtype, 4)
