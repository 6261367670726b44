"""Normalises along the first dimension, which is right for a single row only.

exercise: softmax_with_temperature
rejected by: test_visible.py::test_temperature_by_hand
"""


def softmax_with_temperature(logits, temperature):
    if temperature <= 0:
        raise ValueError(f"{temperature}")
    return torch.softmax(logits / temperature, dim=0)
