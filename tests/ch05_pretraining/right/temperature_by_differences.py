"""Subtracts the maximum first, then divides, and normalises by hand.

exercise: softmax_with_temperature
"""


def softmax_with_temperature(logits, temperature):
    if not temperature > 0:
        raise ValueError(f"temperature {temperature} is not positive")
    scaled = (logits - logits.max(dim=-1, keepdim=True).values) / temperature
    powers = scaled.exp()
    return powers / powers.sum(dim=-1, keepdim=True)
