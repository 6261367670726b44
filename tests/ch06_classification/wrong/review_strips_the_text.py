"""Removes white space around the text, which is tokens too.

exercise: classify_review
rejected by: test_hidden.py::test_the_last_real_token_decides
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
    ids = list(tokenizer.encode(text.strip(), allowed_special={"<|endoftext|>"}))[:length]
    idx = torch.tensor([ids or [pad_token_id]], device=device)
    with _evaluating(model):
        logits = _class_logits(model, idx, pad_token_id)
    return "spam" if logits.argmax().item() == 1 else "not spam"
