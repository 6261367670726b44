"""Sums exp of the quotients as they are, which is inf for large ones.

exercise: softmax_with_temperature
rejected by: test_hidden.py::test_temperature_divides_logits
"""


def softmax_with_temperature(logits, temperature):
    if temperature <= 0:
        raise ValueError(f"{temperature}")
    powers = (logits / temperature).exp()
    return powers / powers.sum(dim=-1, keepdim=True)
