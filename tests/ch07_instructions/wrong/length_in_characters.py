"""Counts the characters of the prompt, not its ids.

exercise: InstructionDataset
rejected by: test_hidden.py::test_items_of_any_entries
"""

from torch.utils.data import Dataset


class InstructionDataset(Dataset):
    def __init__(self, data, tokenizer):
        def encode(text):
            return tokenizer.encode(text, allowed_special={"<|endoftext|>"})

        self.items = []
        for entry in data:
            prompt = format_input(entry)
            full_text = f"{prompt}\n\n### Response:\n{entry['output']}"
            self.items.append((len(prompt), encode(full_text)))

    def __len__(self):
        return len(self.items)

    def __getitem__(self, index):
        return self.items[index]
