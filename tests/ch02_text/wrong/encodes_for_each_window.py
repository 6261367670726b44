"""Encodes the whole text again for each window.

exercise: GPTDatasetV1
rejected by: test_hidden.py::test_end_of_text_is_one_token
"""

import torch
from torch.utils.data import Dataset


class GPTDatasetV1(Dataset):
    def __init__(self, txt, tokenizer, max_length, stride):
        self.txt, self.tokenizer, self.length = txt, tokenizer, max_length
        count = len(self.ids())
        if count < max_length + 1:
            raise ValueError(f"{count} tokens, a window has {max_length}")
        self.starts = range(0, count - max_length, stride)

    def ids(self):
        return self.tokenizer.encode(self.txt, allowed_special={"<|endoftext|>"})

    def __len__(self):
        return len(self.starts)

    def __getitem__(self, index):
        start = self.starts[index]
        window = torch.tensor(self.ids()[start : start + self.length + 1])
        return window[:-1], window[1:]
