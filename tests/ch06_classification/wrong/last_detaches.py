"""Cuts the graph, so that nothing can be trained.

exercise: last_token_logits
rejected by: test_hidden.py::test_gradients_reach_the_last_real_token_only
"""


def last_token_logits(logits: Tensor, lengths: Tensor) -> Tensor:
    rows = torch.arange(logits.shape[0], device=logits.device)  # (B,)
    return logits[rows, lengths.to(logits.device) - 1].detach().requires_grad_()  # (B, K)
