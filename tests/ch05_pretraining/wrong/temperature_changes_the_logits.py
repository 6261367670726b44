"""Divides in place, in the caller's own tensor.

exercise: softmax_with_temperature
rejected by: test_hidden.py::test_temperature_divides_logits
"""


def softmax_with_temperature(logits, temperature):
    if temperature <= 0:
        raise ValueError(f"{temperature}")
    return torch.softmax(logits.div_(temperature), dim=-1)
