"""Moves on by max_length, whatever the stride is.

exercise: GPTDatasetV1
rejected by: test_visible.py::test_windows_by_hand
"""

import torch
from torch.utils.data import Dataset


class GPTDatasetV1(Dataset):
    def __init__(self, txt, tokenizer, max_length, stride):
        ids = tokenizer.encode(txt, allowed_special={"<|endoftext|>"})
        if len(ids) < max_length + 1:
            raise ValueError(f"{len(ids)} tokens, a window has {max_length}")
        self.pairs = []
        for i in range(0, len(ids) - max_length, max_length):
            x, y = ids[i : i + max_length], ids[i + 1 : i + max_length + 1]
            self.pairs.append((torch.tensor(x), torch.tensor(y)))

    def __len__(self):
        return len(self.pairs)

    def __getitem__(self, index):
        return self.pairs[index]
