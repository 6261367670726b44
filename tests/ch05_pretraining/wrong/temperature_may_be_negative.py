"""Accepts a negative temperature, with which the worst token is the most probable.

exercise: softmax_with_temperature
rejected by: test_hidden.py::test_a_negative_temperature_is_refused
"""


def softmax_with_temperature(logits, temperature):
    return torch.softmax(logits / temperature, dim=-1)
