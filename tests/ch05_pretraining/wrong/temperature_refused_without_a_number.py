"""Refuses a negative temperature and does not say which.

exercise: softmax_with_temperature
rejected by: test_hidden.py::test_a_negative_temperature_is_refused
"""


def softmax_with_temperature(logits, temperature):
    if temperature <= 0:
        raise ValueError("the temperature must be above 0")
    return torch.softmax(logits / temperature, dim=-1)
