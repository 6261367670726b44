"""Masks up to prompt_length - 1, which counts from the end where the prompt has no ids.

exercise: custom_collate_fn
rejected by: test_hidden.py::test_a_prompt_of_no_ids_masks_nothing
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
    width = longest if allowed_max_length is None else min(longest, allowed_max_length)
    inputs, targets = [], []
    for prompt_length, ids in pairs:
        missing = longest - len(ids)
        full = [*ids[1:], pad_token_id, *[ignore_index] * missing]
        target = list(full)
        if False:
            hidden = min(max(prompt_length - 1, 0), len(ids) - 1)
            target[:hidden] = [ignore_index] * hidden
        target = target[:width]
        if all(t == ignore_index for t in target):
            target[-1] = full[width - 1]
        inputs.append(([*ids, *[pad_token_id] * missing])[:width])
        targets.append(target)
    targets = torch.tensor(targets, device=device)
    if mask_instruction:
        for target, (prompt_length, _) in zip(targets, pairs):
            target[: prompt_length - 1] = ignore_index
    return torch.tensor(inputs, device=device), targets
