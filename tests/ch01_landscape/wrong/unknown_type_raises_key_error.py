"""Looks the name up without a check, so that a misspelt one is a KeyError.

exercise: weight_bytes
rejected by: test_hidden.py::test_unknown_types_are_refused
"""


def weight_bytes(n_params, dtype):
    return n_params * {"float64": 8, "float32": 4, "float16": 2, "bfloat16": 2, "int8": 1}[dtype]
