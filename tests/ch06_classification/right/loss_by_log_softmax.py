"""Takes log_softmax everywhere, then picks by gather at the last index that is no padding.

exercise: calc_class_loss_batch
"""


def calc_class_loss_batch(input_batch, target_batch, model, device, pad_token_id=50256):
    ids, targets = input_batch.to(device), target_batch.to(device)
    last = [max([0] + [t for t, i in enumerate(row) if i != pad_token_id]) for row in ids.tolist()]
    scores = model(ids).log_softmax(dim=-1)
    return -sum(scores[b, t, k] for b, (t, k) in enumerate(zip(last, targets.tolist()))) / len(last)
