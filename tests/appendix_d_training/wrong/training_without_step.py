"""Never lets the optimizer make a step.

exercise: train_model
rejected by: test_visible.py::test_losses_are_those_of_the_weights
"""


def train_model(
    model,
    train_loader,
    val_loader,
    optimizer,
    device,
    n_epochs,
    eval_freq,
    eval_iter,
    start_context,
    tokenizer,
    warmup_steps,
    initial_lr=3e-05,
    min_lr=1e-6,
):
    peak_lr = optimizer.param_groups[0]["lr"]
    total_steps = n_epochs * len(train_loader)
    train_losses, val_losses, tokens_seen, rates = [], [], [], []
    step = tokens = 0
    for _ in range(n_epochs):
        model.train()
        for inputs, targets in train_loader:
            rate = learning_rate(step, warmup_steps, total_steps, initial_lr, peak_lr, min_lr)
            for group in optimizer.param_groups:
                group["lr"] = rate
            logits = model(inputs.to(device)).flatten(0, 1)
            loss = F.cross_entropy(logits, targets.to(device).flatten())
            optimizer.zero_grad()
            loss.backward()
            if step >= warmup_steps:
                clip_gradients(model.parameters(), 1.0)
            rates.append(rate)
            tokens += inputs.numel()
            if step % eval_freq == 0:
                train_losses.append(_mean_loss(model, train_loader, device, eval_iter))
                val_losses.append(_mean_loss(model, val_loader, device, eval_iter))
                tokens_seen.append(tokens)
            step += 1
        _log_sample(model, tokenizer, device, start_context)
    return train_losses, val_losses, tokens_seen, rates
