"""Pads to max_length and reads the last position, as the printed book does.

exercise: classify_review
rejected by: test_visible.py::test_reviews_whatever_the_padding
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
    idx = torch.tensor([ids + [pad_token_id] * (length - len(ids))], device=device)
    with _evaluating(model):
        logits = model(idx)[:, -1]  # (1, K)
    return "spam" if logits.argmax().item() == 1 else "not spam"
