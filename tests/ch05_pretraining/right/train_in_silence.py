"""Asks autograd for the gradients, forgets them after each step, and prints nothing.

exercise: train_model_simple
"""


def train_model_simple(
    model,
    train_loader,
    val_loader,
    optimizer,
    device,
    num_epochs,
    eval_freq,
    eval_iter,
    start_context,
    tokenizer,
):
    was_training, model = model.training, model.train()
    parameters = [p for group in optimizer.param_groups for p in group["params"]]
    seen, rows = 0, []
    updates = itertools.count()
    for inputs, targets in itertools.chain.from_iterable(
        itertools.repeat(train_loader, num_epochs)
    ):
        loss = calc_loss_batch(inputs, targets, model, device)
        for p, gradient in zip(parameters, torch.autograd.grad(loss, parameters)):
            p.grad = gradient
        optimizer.step()
        optimizer.zero_grad(set_to_none=True)
        seen += inputs.shape[0] * inputs.shape[1]
        if next(updates) % eval_freq == 0:
            rows.append((*evaluate_model(model, train_loader, val_loader, device, eval_iter), seen))
    model.train(was_training)
    return tuple([row[i] for row in rows] for i in range(3))
