"""Converts the logits to float32.

exercise: last_token_logits
rejected by: test_hidden.py::test_logits_keep_their_dtype_and_caller
"""


def last_token_logits(logits: Tensor, lengths: Tensor) -> Tensor:
    rows = torch.arange(logits.shape[0], device=logits.device)  # (B,)
    return logits.float()[rows, lengths.to(logits.device) - 1]  # (B, K)
