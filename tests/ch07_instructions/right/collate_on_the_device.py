"""Builds everything on the device and looks into its tensors there.

exercise: custom_collate_fn
"""

import torch


def custom_collate_fn(
    batch,
    pad_token_id=50256,
    ignore_index=-100,
    allowed_max_length=None,
    mask_instruction=False,
    device="cpu",
):
    device = torch.device(device)
    inputs, targets = [], []
    most = max(len(item[1]) if isinstance(item, tuple) else len(item) for item in batch)
    for item in batch:
        length, ids = item if isinstance(item, tuple) else (0, item)
        row = torch.tensor([*ids, *[pad_token_id] * (most - len(ids) + 1)], device=device)
        given, target = row[:-1], row[1:].clone()
        target[len(ids) :] = ignore_index
        if mask_instruction and length > 1:
            target[: length - 1] = ignore_index
        if allowed_max_length is not None:
            given, target = given[:allowed_max_length], target[:allowed_max_length]
            if not (target != ignore_index).any():
                target[-1] = row[len(target)]
        inputs.append(given)
        targets.append(target)
    return torch.stack(inputs), torch.stack(targets)
