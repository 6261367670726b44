"""Divides the probabilities, which then do not sum to 1.

exercise: softmax_with_temperature
rejected by: test_visible.py::test_temperature_by_hand
"""


def softmax_with_temperature(logits, temperature):
    if temperature <= 0:
        raise ValueError(f"{temperature}")
    return torch.softmax(logits, dim=-1) / temperature
