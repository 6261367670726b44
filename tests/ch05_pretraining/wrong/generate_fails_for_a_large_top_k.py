"""Asks topk for more tokens than there are.

exercise: generate
rejected by: test_hidden.py::test_top_k_and_greed
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
        raise ValueError(f"a temperature is 0 or more, and {temperature} came")
    finished = torch.zeros_like(idx[:, :1], dtype=torch.bool)
    with _evaluating(model):
        for _ in range(max_new_tokens):
            logits = model(idx[:, -context_size:])[:, -1]
            if top_k is not None:
                kth = logits.topk(top_k).values[:, -1:]
                logits = logits.masked_fill(logits < kth, -math.inf)
            if temperature == 0:
                idx_next = logits.argmax(dim=-1, keepdim=True)
            else:
                logits = logits if top_k is None else top_k_logits(logits, top_k)
                probas = softmax_with_temperature(logits, temperature)
                idx_next = torch.multinomial(probas, 1, generator=generator)
            if eos_id is not None:
                idx_next = idx_next.masked_fill(finished, eos_id)
                finished = finished | (idx_next == eos_id)
            idx = torch.cat((idx, idx_next), dim=1)
            if finished.all():
                break
    return idx
