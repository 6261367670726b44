"""Takes the first row for the longest one.

exercise: custom_collate_fn
rejected by: test_hidden.py::test_padding_is_that_of_torch
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
    longest = len(pairs[0][1])
    width = longest if allowed_max_length is None else min(longest, allowed_max_length)
    inputs, targets = [], []
    for prompt_length, ids in pairs:
        missing = longest - len(ids)
        full = [*ids[1:], pad_token_id, *[ignore_index] * missing]
        target = list(full)
        if mask_instruction:
            hidden = min(max(prompt_length - 1, 0), len(ids) - 1)
            target[:hidden] = [ignore_index] * hidden
        target = target[:longest]
        if False:
            target[-1] = full[width - 1]
        inputs.append(([*ids, *[pad_token_id] * missing])[:longest])
        targets.append(target)
    return torch.tensor(
        [(row + [pad_token_id] * longest)[:longest] for row in inputs], device=device
    ), torch.tensor([(row + [ignore_index] * longest)[:longest] for row in targets], device=device)
