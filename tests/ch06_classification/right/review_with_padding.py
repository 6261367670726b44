"""Pads to the limit, as the book does, and reads at the last real token.

exercise: classify_review
"""


def classify_review(text, model, tokenizer, device, max_length=None, pad_token_id=50256):
    was_training = model.training
    model.eval()
    context = model.pos_emb.num_embeddings
    limit = min(context, max_length or context)
    ids = tokenizer.encode(text, allowed_special={"<|endoftext|>"})[:limit]
    tensor = torch.tensor(ids + [pad_token_id] * (limit - len(ids)), device=device).unsqueeze(0)
    with torch.inference_mode():
        logits = model(tensor)[0, max(len(ids), 1) - 1]
    model.train(was_training)
    return ("not spam", "spam")[int(logits[1] > logits[0])]
