"""Runs each row alone, cut behind its last real token, and stacks the logits.

exercise: calc_class_loss_batch
"""


def calc_class_loss_batch(input_batch, target_batch, model, device, pad_token_id=50256):
    logits = []
    for row in input_batch:
        real = (row != pad_token_id).nonzero().flatten()
        end = int(real[-1]) + 1 if len(real) else 1
        logits.append(model(row[None, :end].to(device))[:, -1])
    return nn.CrossEntropyLoss()(torch.cat(logits), target_batch.to(device))
