"""Chooses for each row by itself, in Python lists; finished rows draw no more.

exercise: generate
"""


@torch.no_grad()
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
    rows = idx.tolist()
    done = [False] * len(rows)
    with _evaluating(model):
        for _ in range(max_new_tokens):
            shown = torch.tensor([row[-context_size:] for row in rows])
            for number, scores in enumerate(model(shown)[:, -1].double().tolist()):
                if done[number]:
                    rows[number].append(eos_id)
                    continue
                order = sorted(range(len(scores)), key=lambda i: -scores[i])
                choice = order[0]
                if temperature > 0:
                    order = order[:top_k]
                    weights = [
                        math.exp((scores[i] - scores[order[0]]) / temperature) for i in order
                    ]
                    left = torch.rand((), generator=generator).item() * sum(weights)
                    for choice, weight in zip(order, weights):
                        left -= weight
                        if left < 0:
                            break
                rows[number].append(choice)
                done[number] = choice == eos_id
            if all(done):
                break
    return torch.tensor(rows)
