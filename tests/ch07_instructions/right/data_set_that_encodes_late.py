"""Encodes an entry when it is asked for, and gives its ids as a tensor.

exercise: InstructionDataset
"""

import torch


class InstructionDataset:
    def __init__(self, data, tokenizer):
        self.data, self.tokenizer = list(data), tokenizer

    def _encode(self, text):
        return self.tokenizer.encode(text, allowed_special="all")

    def __len__(self):
        return len(self.data)

    def __getitem__(self, index):
        entry = self.data[index]
        prompt = format_input(entry)
        text = "\n".join([prompt, "", "### Response:", entry["output"]])
        return len(self._encode(prompt)), torch.tensor(self._encode(text))
