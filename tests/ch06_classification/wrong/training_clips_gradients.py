"""Shortens gradients that are longer than 1.

exercise: train_classifier_simple
rejected by: test_hidden.py::test_epochs_and_steep_gradients
"""


def train_classifier_simple(
    model: nn.Module,
    train_loader: Iterable[tuple[Tensor, Tensor]],
    val_loader: Iterable[tuple[Tensor, Tensor]],
    optimizer: torch.optim.Optimizer,
    device: torch.device | str,
    num_epochs: int,
    eval_freq: int,
    eval_iter: int,
) -> tuple[list[float], list[float], list[float], list[float], int]:
    train_losses, val_losses, train_accs, val_accs = [], [], [], []
    examples_seen, update = 0, 0
    for _ in range(num_epochs):
        model.train()
        for input_batch, target_batch in train_loader:
            optimizer.zero_grad()
            calc_class_loss_batch(input_batch, target_batch, model, device).backward()
            nn.utils.clip_grad_norm_(model.parameters(), 1.0)
            optimizer.step()
            examples_seen += len(target_batch)
            if update % eval_freq == 0:
                train_losses.append(_loader_loss(train_loader, model, device, eval_iter))
                val_losses.append(_loader_loss(val_loader, model, device, eval_iter))
            update += 1
        train_accs.append(calc_accuracy_loader(train_loader, model, device, eval_iter))
        val_accs.append(calc_accuracy_loader(val_loader, model, device, eval_iter))
    return train_losses, val_losses, train_accs, val_accs, examples_seen
