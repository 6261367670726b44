"""Hands the ids to decode as a tensor.

exercise: train_model
"""


def _log_sample(model, tokenizer, device, start_context):
    ids = torch.as_tensor(tokenizer.encode(start_context, allowed_special="all"))
    with _evaluation(model):
        out = generate_text_simple(
            model,
            idx=ids[None].to(device),
            max_new_tokens=5,
            context_size=len(model.pos_emb.weight),
        )
    text = tokenizer.decode(out[0])
    print(text.replace("\n", " "))
