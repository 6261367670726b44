"""Decides by a match statement and shifts bits.

exercise: weight_bytes
"""


def weight_bytes(n_params, dtype):
    match dtype:
        case "float64":
            return n_params << 3
        case "float32":
            return n_params << 2
        case "float16" | "bfloat16":
            return n_params << 1
        case "int8":
            return n_params
    raise ValueError(f"Unsupported data type: {dtype}")
