"""Multiplies by the temperature, so that a high one sharpens.

exercise: softmax_with_temperature
rejected by: test_visible.py::test_temperature_by_hand
"""


def softmax_with_temperature(logits, temperature):
    if temperature <= 0:
        raise ValueError(f"{temperature}")
    return torch.softmax(logits * temperature, dim=-1)
