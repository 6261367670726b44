"""Keeps the batches of the first pass, and repeats them in each epoch.

exercise: train_model_simple
rejected by: test_hidden.py::test_each_update_follows_the_gradient_of_its_batch
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
    train_losses, val_losses, tokens_seen = [], [], []
    tokens = update = 0
    batches = list(train_loader)
    for _ in range(num_epochs):
        model.train()
        for input_batch, target_batch in batches:
            optimizer.zero_grad()
            calc_loss_batch(input_batch, target_batch, model, device).backward()
            optimizer.step()
            tokens += input_batch.numel()
            if update % eval_freq == 0:
                losses = evaluate_model(model, train_loader, val_loader, device, eval_iter)
                train_losses.append(losses[0])
                val_losses.append(losses[1])
                tokens_seen.append(tokens)
            update += 1
    return train_losses, val_losses, tokens_seen
