"""Reads all rows at the length of the longest.

exercise: last_token_logits
rejected by: test_visible.py::test_logits_of_the_last_real_token
"""


def last_token_logits(logits: Tensor, lengths: Tensor) -> Tensor:
    rows = torch.arange(logits.shape[0], device=logits.device)  # (B,)
    return logits[rows, lengths.max() - 1]  # (B, K)
