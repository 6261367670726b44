"""Saves the random stream by hand, uses inference mode, and sums losses instead of unweighing
means.

exercise: calc_loss_loader
"""


@torch.inference_mode()
def calc_loss_loader(data_loader, model, device, num_batches=None):
    stream, was_training = torch.get_rng_state(), model.training
    model.eval()
    sums, counts = [], []
    try:
        for number, (inputs, targets) in enumerate(data_loader):
            if num_batches is not None and number >= num_batches:
                break
            logits, targets = model(inputs.to(device)).flatten(0, 1), targets.to(device).flatten()
            sums.append(torch.nn.functional.cross_entropy(logits, targets, reduction="sum").item())
            counts.append(int(targets.ne(-100).sum()))
    finally:
        model.train(was_training)
        torch.set_rng_state(stream)
    return math.fsum(sums) / sum(counts) if sum(counts) else float("nan")
