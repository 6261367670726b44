"""Counts the tokens that are not padding, and so reads too early where the padding token stands inside.

exercise: classify_review
rejected by: test_hidden.py::test_the_last_real_token_decides
"""


def _counted_logits(model: nn.Module, ids: Tensor, pad_token_id: int) -> Tensor:
    positions = torch.arange(1, ids.shape[1] + 1, device=ids.device)  # (T,)
    ends = positions * (ids != pad_token_id)  # (B, T), 0 where there is padding
    # The last, not the count: the padding token may stand inside a message too.
    return last_token_logits(model(ids), ends.count_nonzero(dim=1).clamp(min=1))  # (B, K)


def classify_review(
    text: str,
    model: GPTModel,
    tokenizer: Any,
    device: torch.device | str,
    max_length: int | None = None,
    pad_token_id: int = 50256,
) -> str:
    context = model.pos_emb.weight.shape[0]
    length = context if max_length is None else min(max_length, context)
    ids = list(tokenizer.encode(text, allowed_special={"<|endoftext|>"}))[:length]
    idx = torch.tensor([ids or [pad_token_id]], device=device)  # (1, T)
    with _evaluating(model):
        logits = _counted_logits(model, idx, pad_token_id)  # (1, K)
    return "spam" if logits.argmax().item() == 1 else "not spam"
