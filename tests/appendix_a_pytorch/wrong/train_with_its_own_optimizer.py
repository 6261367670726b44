"""Makes an SGD of its own and ignores the optimizer that comes.

exercise: train
rejected by: test_hidden.py::test_the_optimizer_is_used_as_it_comes
"""


def train(model, loader, optimizer, num_epochs):
    model.train()
    losses = []
    optimizer = torch.optim.SGD(model.parameters(), lr=optimizer.param_groups[0]["lr"])
    for _ in range(num_epochs):
        for features, labels in loader:
            loss = F.cross_entropy(model(features), labels)
            optimizer.zero_grad()
            loss.backward()
            optimizer.step()
            losses.append(loss.item())
    return losses
