"""Calls encode without allowed_special, so that a text with <|endoftext|> in it breaks the data set.

exercise: InstructionDataset
rejected by: test_hidden.py::test_the_end_of_text_may_occur_in_a_text
"""

from torch.utils.data import Dataset


class InstructionDataset(Dataset):
    def __init__(self, data, tokenizer):
        def encode(text):
            return tokenizer.encode(text)

        self.items = []
        for entry in data:
            prompt = format_input(entry)
            full_text = f"{prompt}\n\n### Response:\n{entry['output']}"
            self.items.append((len(encode(prompt)), encode(full_text)))

    def __len__(self):
        return len(self.items)

    def __getitem__(self, index):
        return self.items[index]
