"""Does not say how many tokens the text has.

exercise: GPTDatasetV1
rejected by: test_visible.py::test_a_text_without_a_window_is_refused
"""

import torch
from torch.utils.data import Dataset


class GPTDatasetV1(Dataset):
    def __init__(self, txt, tokenizer, max_length, stride):
        ids = tokenizer.encode(txt, allowed_special={"<|endoftext|>"})
        if len(ids) < max_length + 1:
            raise ValueError(f"the text has no window of {max_length}")
        self.pairs = []
        for i in range(0, len(ids) - max_length, stride):
            x, y = ids[i : i + max_length], ids[i + 1 : i + max_length + 1]
            self.pairs.append((torch.tensor(x), torch.tensor(y)))

    def __len__(self):
        return len(self.pairs)

    def __getitem__(self, index):
        return self.pairs[index]
