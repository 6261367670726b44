"""Reads one position behind the last real token.

exercise: last_token_logits
rejected by: test_hidden.py::test_each_row_has_its_own_length
"""


def last_token_logits(logits: Tensor, lengths: Tensor) -> Tensor:
    rows = torch.arange(logits.shape[0], device=logits.device)  # (B,)
    return logits[rows, lengths.to(logits.device).clamp(max=logits.shape[1] - 1)]  # (B, K)
