"""Indexes the positions of all rows at once, which gives (B, B, K).

exercise: last_token_logits
rejected by: test_visible.py::test_logits_of_the_last_real_token
"""


def last_token_logits(logits: Tensor, lengths: Tensor) -> Tensor:
    rows = torch.arange(logits.shape[0], device=logits.device)  # (B,)
    return logits[:, lengths - 1]  # (B, K)
