"""Clears the gradients of the model that it evaluates.

exercise: calc_loss_loader
rejected by: test_hidden.py::test_loss_of_a_loader_leaves_the_random_stream
"""


def calc_loss_loader(data_loader, model, device, num_batches=None):
    total = count = 0
    model.zero_grad()
    with _evaluating(model), torch.random.fork_rng(devices=[]):
        for input_batch, target_batch in itertools.islice(data_loader, num_batches):
            tokens = int((target_batch != -100).sum())
            if tokens:
                loss = calc_loss_batch(input_batch, target_batch, model, device)
                total, count = total + loss.item() * tokens, count + tokens
    return total / count if count else math.nan
