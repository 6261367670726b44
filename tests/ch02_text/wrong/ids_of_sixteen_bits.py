"""Keeps ids in 16 bits, enough for GPT-2's tokenizer and for no larger one.

exercise: GPTDatasetV1
rejected by: test_hidden.py::test_windows_of_any_size
"""

import numpy as np
import torch
from torch.utils.data import Dataset


class GPTDatasetV1(Dataset):
    def __init__(self, txt, tokenizer, max_length, stride):
        ids = tokenizer.encode(txt, allowed_special={"<|endoftext|>"})
        if len(ids) < max_length + 1:
            raise ValueError(f"{len(ids)} tokens, a window has {max_length}")
        self.ids = np.array(ids).astype(np.uint16)
        self.starts = range(0, len(ids) - max_length, stride)
        self.length = max_length

    def __len__(self):
        return len(self.starts)

    def __getitem__(self, index):
        start = self.starts[index]
        window = torch.from_numpy(self.ids[start : start + self.length + 1].astype(np.int64))
        return window[:-1], window[1:]
