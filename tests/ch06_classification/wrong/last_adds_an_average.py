"""Adds the average of the row's logits, whose gradient reaches padding too.

exercise: last_token_logits
rejected by: test_hidden.py::test_gradients_reach_the_last_real_token_only
"""


def last_token_logits(logits: Tensor, lengths: Tensor) -> Tensor:
    rows = torch.arange(logits.shape[0], device=logits.device)  # (B,)
    logits = logits + (logits.mean(dim=1, keepdim=True) - logits.mean(dim=1, keepdim=True).detach())
    return logits[rows, lengths.to(logits.device) - 1]  # (B, K)
