"""Shows the model each message by itself, without its padding.

exercise: calc_accuracy_loader
"""


def calc_accuracy_loader(data_loader, model, device, num_batches=None, pad_token_id=50256):
    with _evaluating(model):
        right = []
        for ids, labels in itertools.islice(data_loader, num_batches):
            for line, label in zip(ids.tolist(), labels.tolist()):
                while len(line) > 1 and line[-1] == pad_token_id:
                    line.pop()
                logits = model(torch.tensor([line], device=device))[0, -1]
                right.append(logits.argmax().item() == label)
    return sum(right) / len(right) if right else math.nan
