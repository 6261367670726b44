"""Encodes prompt and response apart, which gives other ids where they meet.

exercise: InstructionDataset
rejected by: test_hidden.py::test_items_of_any_entries
"""

from torch.utils.data import Dataset


class InstructionDataset(Dataset):
    def __init__(self, data, tokenizer):
        def encode(text):
            return list(tokenizer.encode(text, allowed_special={"<|endoftext|>"}))

        self.items = []
        for entry in data:
            prompt = encode(format_input(entry))
            response = encode(f"\n\n### Response:\n{entry['output']}")
            self.items.append((len(prompt), prompt + response))

    def __len__(self):
        return len(self.items)

    def __getitem__(self, index):
        return self.items[index]
