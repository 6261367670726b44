"""Pads with torch and masks with comparisons of places.

exercise: custom_collate_fn
"""

import torch
from torch.nn.utils.rnn import pad_sequence


def custom_collate_fn(
    batch,
    pad_token_id=50256,
    ignore_index=-100,
    allowed_max_length=None,
    mask_instruction=False,
    device="cpu",
):
    if isinstance(batch[0], tuple):
        lengths, lists = zip(*batch)
    else:
        lengths, lists = [0] * len(batch), batch
    rows = [torch.tensor([*ids, pad_token_id]) for ids in lists]
    text = pad_sequence(rows, batch_first=True, padding_value=pad_token_id)
    inputs, targets = text[:, :-1], text[:, 1:].clone()
    place = torch.arange(targets.shape[1])[None]
    size = torch.tensor([len(ids) for ids in lists])[:, None]
    prompt = torch.tensor(lengths)[:, None] if mask_instruction else torch.zeros_like(size)
    prompt = torch.minimum(prompt, size)
    hidden = (place >= size) | (place < prompt - 1)
    if allowed_max_length is not None:
        inputs, targets = inputs[:, :allowed_max_length], targets[:, :allowed_max_length]
        hidden = hidden[:, :allowed_max_length]
        hidden[:, -1] &= ~hidden.all(dim=1)
    targets = targets.masked_fill(hidden, ignore_index)
    return inputs.contiguous().to(device), targets.to(device)
