"""Returns a tensor instead of a float.

exercise: compute_accuracy
rejected by: test_hidden.py::test_accuracy_of_a_real_network
"""


def compute_accuracy(model, dataloader):
    modes = [(m, m.training) for m in model.modules()]
    state = torch.get_rng_state()
    model.eval()
    correct = total = 0
    with torch.no_grad():
        for features, labels in dataloader:
            predicted = model(features).argmax(dim=1)
            correct += int((predicted == labels).sum())
            total += len(labels)
    torch.set_rng_state(state)
    for module, training in modes:
        module.training = training
    return torch.tensor(correct / total)
