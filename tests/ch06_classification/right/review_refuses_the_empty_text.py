"""Refuses an empty text, and shows the model the tokens alone.

exercise: classify_review
"""


def classify_review(text, model, tokenizer, device, max_length=None, pad_token_id=50256):
    ids = list(tokenizer.encode(text, allowed_special={"<|endoftext|>"}))
    if not ids:
        raise ValueError("an empty text is neither")
    context, _ = model.pos_emb.weight.size()
    ids = ids[:context] if max_length is None else ids[: min(context, max_length)]
    with _evaluating(model):
        probabilities = model(torch.tensor([ids], device=device))[:, -1, :].softmax(dim=-1)
    return "spam" if probabilities[0, 1] > 0.5 else "not spam"
