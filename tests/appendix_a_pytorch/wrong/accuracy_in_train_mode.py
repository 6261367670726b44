"""Lets the model answer in the mode that it comes in.

exercise: compute_accuracy
rejected by: test_visible.py::test_accuracy_is_computed_in_eval_mode
"""


def compute_accuracy(model, dataloader):
    modes = [(m, m.training) for m in model.modules()]
    state = torch.get_rng_state()
    correct = total = 0
    with torch.no_grad():
        for features, labels in dataloader:
            predicted = model(features).argmax(dim=1)
            correct += int((predicted == labels).sum())
            total += len(labels)
    torch.set_rng_state(state)
    for module, training in modes:
        module.training = training
    return correct / total
