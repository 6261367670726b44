"""Lets torch cut all windows at once, each with its target.

exercise: GPTDatasetV1
"""

import torch
from torch.utils.data import TensorDataset


class GPTDatasetV1(TensorDataset):
    def __init__(self, txt, tokenizer, max_length, stride):
        allowed = {"<|endoftext|>"}
        ids = torch.tensor(tokenizer.encode(txt, allowed_special=allowed), dtype=torch.long)
        if ids.numel() - 1 < max_length:
            raise ValueError(f"max_length is {max_length}, and the text has {ids.numel()} tokens")
        windows = ids.unfold(0, max_length + 1, stride)
        super().__init__(windows[:, :-1], windows[:, 1:])
