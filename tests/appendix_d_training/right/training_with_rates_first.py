"""Computes all rates beforehand, numbers steps with enumerate, and clips and evaluates by itself.

exercise: train_model
"""


def _loss_of(model, loader, device, n):
    was = {module: module.training for module in model.modules()}
    state = torch.random.get_rng_state()
    sums, counts = [], []
    model.eval()
    for i, (x, y) in enumerate(loader):
        if i == n:
            break
        with torch.inference_mode():
            log_probs = model(x.to(device)).log_softmax(dim=-1)
        sums.append(-log_probs.gather(-1, y.to(device)[..., None]).sum().item())
        counts.append(y.numel())
    for module, mode in was.items():
        module.training = mode
    torch.random.set_rng_state(state)
    return sum(sums) / sum(counts)


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
    n = len(train_loader) * n_epochs
    peak = optimizer.param_groups[0]["lr"]
    rates = [learning_rate(i, warmup_steps, n, initial_lr, peak, min_lr) for i in range(n)]
    history = []
    seen = 0
    for epoch in range(n_epochs):
        for i, (x, y) in enumerate(train_loader, epoch * len(train_loader)):
            model.train()
            for group in optimizer.param_groups:
                group.update(lr=rates[i])
            model.zero_grad(set_to_none=True)
            logits = model(x.to(device))
            torch.nn.functional.cross_entropy(logits.transpose(1, 2), y.to(device)).backward()
            if not i < warmup_steps:
                grads = [p.grad for p in model.parameters() if p.grad is not None]
                norm = torch.cat([g.reshape(-1) for g in grads]).norm()
                for g in grads:
                    g.div_(norm.clamp(min=1.0))
            optimizer.step()
            seen += x.shape[0] * x.shape[1]
            if not i % eval_freq:
                losses = [
                    _loss_of(model, loader, device, eval_iter)
                    for loader in (train_loader, val_loader)
                ]
                history.append((*losses, seen))
        ids = tokenizer.encode(start_context)
        context = model.pos_emb.weight.shape[0]
        model.eval()
        with torch.no_grad():
            for _ in range(20):
                ids = ids + [int(model(torch.tensor([ids[-context:]]))[0, -1].argmax())]
        tokenizer.decode(ids)
    train_losses, val_losses, tokens = ([row[k] for row in history] for k in range(3))
    return train_losses, val_losses, tokens, rates
