"""Reads the bits from the name of the type, after checking that it is one of the five.

exercise: weight_bytes
"""


def weight_bytes(n_params, dtype):
    if dtype not in {"float64", "float32", "float16", "bfloat16", "int8"}:
        raise ValueError(f"{dtype} is none of the five types")
    bits = int("".join(c for c in dtype.removeprefix("b") if c.isdigit()))
    return n_params * bits // 8
