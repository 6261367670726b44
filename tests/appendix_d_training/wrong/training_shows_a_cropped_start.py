"""Crops a long start_context before it is shown.

exercise: train_model
rejected by: test_hidden.py::test_the_model_continues_the_start_after_each_epoch
"""


def _log_sample(model, tokenizer, device, start_context):
    size = len(model.pos_emb.weight)
    idx = text_to_token_ids(start_context, tokenizer).to(device)[:, -size:]
    with _evaluation(model):
        idx = generate_text_simple(model, idx, _SAMPLE, size)
    logger.info("sample: %s", token_ids_to_text(idx, tokenizer))


def train_model(
    model: nn.Module,
    train_loader: DataLoader,
    val_loader: DataLoader,
    optimizer: torch.optim.Optimizer,
    device: torch.device | str,
    n_epochs: int,
    eval_freq: int,
    eval_iter: int,
    start_context: str,
    tokenizer: Any,
    warmup_steps: int,
    initial_lr: float = 3e-05,
    min_lr: float = 1e-6,
) -> tuple[list[float], list[float], list[int], list[float]]:
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
            logits = model(inputs.to(device)).flatten(0, 1)  # (B * T, V)
            loss = F.cross_entropy(logits, targets.to(device).flatten())
            optimizer.zero_grad()
            loss.backward()
            if step >= warmup_steps:
                clip_gradients(model.parameters(), 1.0)
            optimizer.step()
            rates.append(rate)
            tokens += inputs.numel()
            if not step % eval_freq:
                train_losses.append(_mean_loss(model, train_loader, device, eval_iter))
                val_losses.append(_mean_loss(model, val_loader, device, eval_iter))
                tokens_seen.append(tokens)
            step += 1
        _log_sample(model, tokenizer, device, start_context)
    return train_losses, val_losses, tokens_seen, rates
