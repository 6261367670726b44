"""Replaces the parameters by plain tensors: the numbers are right, and there is nothing left to
train.

exercise: copy_v2_into_v1
rejected by: test_hidden.py::test_copying_fills_the_module_that_was_given
"""


def copy_v2_into_v1(v2, v1):
    for name in ("W_query", "W_key", "W_value"):
        layer = getattr(v2, name)
        if layer.bias is not None:
            raise ValueError("v2 has a bias")
        delattr(v1, name)
        setattr(v1, name, layer.weight.detach().T.clone())
    return v1
