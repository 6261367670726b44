"""Counts down the updates, prints progress, computes losses in its own way, and gives a list back.

exercise: train_classifier_simple
"""


def train_classifier_simple(
    model, train_loader, val_loader, optimizer, device, num_epochs, eval_freq, eval_iter
):
    def mean_loss(loader):
        model.eval()
        with torch.no_grad(), torch.random.fork_rng(devices=[]):
            losses = []
            for i, (x, y) in enumerate(loader):
                if i == eval_iter:
                    break
                losses.append(calc_class_loss_batch(x, y, model, device).item())
        model.train()
        return sum(losses) / len(losses)

    history, seen, wait = [[], [], [], []], 0, 0
    for epoch in range(num_epochs):
        for batch in train_loader:
            model.train()
            loss = calc_class_loss_batch(*batch, model, device)
            for parameter in model.parameters():
                parameter.grad = None
            loss.backward()
            optimizer.step()
            seen += batch[0].shape[0]
            if wait == 0:
                history[0].append(mean_loss(train_loader))
                history[1].append(mean_loss(val_loader))
                print(f"epoch {epoch}: {history[0][-1]:.3f}, {history[1][-1]:.3f}")
                wait = eval_freq
            wait -= 1
        for accuracies, loader in ((history[2], train_loader), (history[3], val_loader)):
            accuracies.append(calc_accuracy_loader(loader, model, device, num_batches=eval_iter))
    model.eval()
    return [*history, seen]
