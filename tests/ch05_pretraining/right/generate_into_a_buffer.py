"""Writes into one tensor of the full length, and cuts off what was not needed.

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
    B, T = idx.shape
    out = idx.new_full((B, T + max_new_tokens), 0 if eos_id is None else eos_id)
    out[:, :T] = idx
    end = T
    with _evaluating(model):
        while end < T + max_new_tokens:
            if eos_id is not None and end > T and (out[:, T:end] == eos_id).any(dim=1).all():
                break
            logits = model(out[:, max(0, end - context_size) : end])[:, -1]
            if temperature > 0:
                k = logits.shape[-1] if top_k is None else min(top_k, logits.shape[-1])
                values, places = logits.sort(dim=-1, descending=True)
                probas = torch.softmax(values[:, :k] / temperature, dim=-1)
                drawn = torch.multinomial(
                    probas, num_samples=1, replacement=True, generator=generator
                )
                new = places.gather(1, drawn)[:, 0]
            else:
                new = logits.argmax(dim=-1)
            if eos_id is not None:
                ended = (out[:, T:end] == eos_id).any(dim=1)
                new[ended] = eos_id
            out[:, end] = new
            end += 1
    return out[:, :end]
