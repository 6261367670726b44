"""Squeezes the answer, so that one row or one class loses a dimension.

exercise: last_token_logits
rejected by: test_hidden.py::test_each_row_has_its_own_length
"""


def last_token_logits(logits: Tensor, lengths: Tensor) -> Tensor:
    rows = torch.arange(logits.shape[0], device=logits.device)  # (B,)
    return logits[rows, lengths.to(logits.device) - 1].squeeze()
