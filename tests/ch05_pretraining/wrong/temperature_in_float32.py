"""Answers in float32, whatever the dtype of the logits.

exercise: softmax_with_temperature
rejected by: test_hidden.py::test_temperature_divides_logits
"""


def softmax_with_temperature(logits, temperature):
    if temperature <= 0:
        raise ValueError(f"{temperature}")
    return torch.softmax(logits.float() / temperature, dim=-1)
