"""Ignores allowed_max_length.

exercise: custom_collate_fn
rejected by: test_visible.py::test_a_cut_row_keeps_a_target
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
    pairs = [(0, item) if isinstance(item[-1], int) else item for item in batch]
    longest = max(len(ids) for _, ids in pairs)
    width = longest
    inputs, targets = [], []
    for prompt_length, ids in pairs:
        missing = longest - len(ids)
        full = [*ids[1:], pad_token_id, *[ignore_index] * missing]
        target = list(full)
        if mask_instruction:
            hidden = min(max(prompt_length - 1, 0), len(ids) - 1)
            target[:hidden] = [ignore_index] * hidden
        target = target[:width]
        if all(t == ignore_index for t in target):
            target[-1] = full[width - 1]
        inputs.append(([*ids, *[pad_token_id] * missing])[:width])
        targets.append(target)
    return torch.tensor(inputs, device=device), torch.tensor(targets, device=device)
