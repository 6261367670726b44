"""Draws by a race of exponential clocks instead of multinomial, and applies the temperature before
top_k.

exercise: generate
"""


def generate(
    model,
    idx,
    max_new_tokens,
    context_size,
    temperature=0.0,
    top_k=None,
    eos_id=None,
    generator=None,
):
    if temperature < 0:
        raise ValueError(f"temperature={temperature}")
    was_training = model.training
    model.eval()
    rows, active = idx.clone(), torch.ones(len(idx), dtype=torch.bool)
    try:
        with torch.inference_mode():
            while rows.shape[1] < idx.shape[1] + max_new_tokens and active.any():
                logits = model(rows[:, -context_size:])[:, -1, :]
                if temperature > 0:
                    logits = logits / temperature
                    if top_k is not None:
                        logits = top_k_logits(logits, min(top_k, logits.size(-1)))
                    clocks = torch.empty_like(logits).exponential_(generator=generator)
                    logits = torch.softmax(logits, dim=-1) / clocks
                new = logits.argmax(-1)
                if eos_id is not None:
                    new = torch.where(active, new, eos_id)
                    active = active & (new != eos_id)
                rows = torch.hstack((rows, new[:, None]))
    finally:
        model.train(was_training)
    return rows
