"""Keeps the losses of all tokens and averages them in the end.

exercise: calc_loss_loader
"""


def calc_loss_loader(data_loader, model, device, num_batches=None):
    losses = [torch.empty(0, dtype=torch.float64)]
    wanted = float("inf") if num_batches is None else num_batches
    with _evaluating(model), torch.random.fork_rng(devices=[]):
        batches = iter(data_loader)
        while len(losses) <= wanted and (batch := next(batches, None)) is not None:
            logits, targets = model(batch[0].to(device)), batch[1].to(device)
            logs = logits.double().log_softmax(-1).gather(-1, targets.clamp(min=0)[..., None])
            losses.append(-logs[..., 0][targets != -100])
    return float(torch.cat(losses).mean())
