"""Counts the padding at the end, cuts what no row needs, and compares lists; keeps the mode as one flag.

exercise: calc_accuracy_loader
"""


def _lengths(ids, pad_token_id):
    trailing = (ids.flip(1) == pad_token_id).long().cumprod(1).sum(1)
    return (ids.shape[1] - trailing).clamp_min(1)


@torch.no_grad()
def calc_accuracy_loader(data_loader, model, device, num_batches=None, pad_token_id=50256):
    was_training = model.training
    model.eval()
    state = torch.get_rng_state()
    hits = []
    limit = len(data_loader) if num_batches is None else min(num_batches, len(data_loader))
    for i, batch in enumerate(data_loader):
        if i >= limit:
            break
        ids, labels = batch[0].to(device), batch[1].tolist()
        lengths = _lengths(ids, pad_token_id)
        logits = last_token_logits(model(ids[:, : lengths.max()]), lengths)
        hits += [p == t for p, t in zip(logits.softmax(-1).log().max(-1).indices.tolist(), labels)]
    torch.set_rng_state(state)
    model.train(was_training)
    return sum(hits) / len(hits) if hits else float("nan")
