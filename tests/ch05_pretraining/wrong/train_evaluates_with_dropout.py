"""Notes losses that it computes in train mode, with dropout.

exercise: train_model_simple
rejected by: test_hidden.py::test_training_is_in_train_mode
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
    for _ in range(num_epochs):
        model.train()
        for input_batch, target_batch in train_loader:
            optimizer.zero_grad()
            loss = calc_loss_batch(input_batch, target_batch, model, device)
            loss.backward()
            optimizer.step()
            tokens += input_batch.numel()
            if update % eval_freq == 0:
                losses = []
                for loader in (train_loader, val_loader):
                    pairs = [
                        (int((y != -100).sum()), calc_loss_batch(x, y, model, device).item())
                        for x, y in itertools.islice(loader, eval_iter)
                    ]
                    count = sum(n for n, _ in pairs)
                    losses.append(sum(n * m for n, m in pairs) / count if count else math.nan)
                train_losses.append(losses[0])
                val_losses.append(losses[1])
                tokens_seen.append(tokens)
            update += 1
    return train_losses, val_losses, tokens_seen
