"""Takes the absolute value of a negative temperature.

exercise: softmax_with_temperature
rejected by: test_hidden.py::test_a_negative_temperature_is_refused
"""


def softmax_with_temperature(logits, temperature):
    return torch.softmax(logits / abs(temperature), dim=-1)
