"""Uses the prompt of Phi-3.

exercise: InstructionDataset
rejected by: test_visible.py::test_items_by_hand
"""

from torch.utils.data import Dataset


class InstructionDataset(Dataset):
    def __init__(self, data, tokenizer):
        def encode(text):
            return tokenizer.encode(text, allowed_special={"<|endoftext|>"})

        self.items = []
        for entry in data:
            prompt = format_input(entry)
            full_text = f"{format_input_phi3(entry)}\n\n### Response:\n{entry['output']}"
            self.items.append((len(encode(prompt)), encode(full_text)))

    def __len__(self):
        return len(self.items)

    def __getitem__(self, index):
        return self.items[index]
