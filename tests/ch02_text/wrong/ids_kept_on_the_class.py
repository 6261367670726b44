"""Keeps the ids on the class, so that a second data set changes the first.

exercise: GPTDatasetV1
rejected by: test_hidden.py::test_the_last_window
"""

import torch
from torch.utils.data import Dataset


class GPTDatasetV1(Dataset):
    def __init__(self, txt, tokenizer, max_length, stride):
        ids = tokenizer.encode(txt, allowed_special={"<|endoftext|>"})
        if len(ids) < max_length + 1:
            raise ValueError(f"{len(ids)} tokens, a window has {max_length}")
        GPTDatasetV1.ids = torch.tensor(ids)
        self.starts = range(0, len(ids) - max_length, stride)
        self.length = max_length

    def __len__(self):
        return len(self.starts)

    def __getitem__(self, index):
        start = self.starts[index]
        window = self.ids[start : start + self.length + 1]
        return window[:-1], window[1:]
