"""Averages the accuracies of the batches, so that examples of a small batch count more.

exercise: compute_accuracy
rejected by: test_visible.py::test_accuracy_counts_examples
"""


def compute_accuracy(model, dataloader):
    modes = [(m, m.training) for m in model.modules()]
    state = torch.get_rng_state()
    model.eval()
    correct = total = 0
    with torch.no_grad():
        for features, labels in dataloader:
            predicted = model(features).argmax(dim=1)
            correct += (predicted == labels).float().mean().item()
            total += 1
    torch.set_rng_state(state)
    for module, training in modes:
        module.training = training
    return correct / total
