"""Decides place by place, in plain Python, and makes tensors at the end.

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
    rows = []
    for item in batch:
        try:
            length, ids = item[0], list(item[1])
        except (TypeError, IndexError):
            length, ids = 0, list(item)
        rows.append((length if mask_instruction else 0, ids))
    T = max(len(ids) for _, ids in rows)
    T = T if allowed_max_length is None else min(T, allowed_max_length)
    inputs = [[ids[t] if t < len(ids) else pad_token_id for t in range(T)] for _, ids in rows]
    targets = []
    for length, ids in rows:
        row, kept = [], 0
        for t in range(T):
            if t + 1 > len(ids):
                row.append(ignore_index)
                continue
            wanted = ids[t + 1] if t + 1 < len(ids) else pad_token_id
            is_last = t == T - 1 and kept == 0
            show = t + 1 >= length or t + 1 == len(ids) or is_last
            kept += show
            row.append(wanted if show else ignore_index)
        targets.append(row)
    return [
        torch.LongTensor(inputs).to(device),
        torch.LongTensor(targets).to(device),
    ]
