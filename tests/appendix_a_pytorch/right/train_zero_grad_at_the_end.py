"""Sets the gradients back after the step, and calls the model's own train in each epoch.

exercise: train
"""


def train(model, loader, optimizer, num_epochs):
    losses = []
    for epoch in range(num_epochs):
        model.train()
        for batch in loader:
            logits = model(batch[0])
            loss = -torch.log_softmax(logits, dim=-1).gather(1, batch[1][:, None]).mean()
            loss.backward()
            optimizer.step()
            optimizer.zero_grad(set_to_none=False)
            losses += [float(loss)]
        model.eval()
    return losses
