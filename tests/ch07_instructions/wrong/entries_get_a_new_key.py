"""Keeps the full text in the entry, which belongs to the caller.

exercise: InstructionDataset
rejected by: test_hidden.py::test_the_entries_stay_as_they_were
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
            entry["text"] = full_text
            self.items.append((len(encode(prompt)), encode(full_text)))

    def __len__(self):
        return len(self.items)

    def __getitem__(self, index):
        return self.items[index]
