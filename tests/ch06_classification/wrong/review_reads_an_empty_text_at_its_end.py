"""Reads an empty text at the last of its padding tokens, whose number depends on max_length.

exercise: classify_review
rejected by: test_hidden.py::test_an_empty_text_is_no_crash
"""


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
    idx = torch.tensor([ids or [pad_token_id] * length], device=device)
    with _evaluating(model):
        logits = model(idx)[:, len(ids) - 1]  # (1, K)
    return "spam" if logits.argmax().item() == 1 else "not spam"
