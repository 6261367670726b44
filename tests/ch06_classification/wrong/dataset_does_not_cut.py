"""Keeps messages that are longer than max_length as they are.

exercise: SpamDataset
rejected by: test_hidden.py::test_items_of_any_messages
"""


class SpamDataset(Dataset):
    def __init__(self, rows, tokenizer, max_length=None, pad_token_id=50256):
        special = {"<|endoftext|>"}
        encoded = [list(tokenizer.encode(row["text"], allowed_special=special)) for row in rows]
        self.max_length = max_length or max(map(len, encoded))
        self.ids = [ids + [pad_token_id] * (self.max_length - len(ids)) for ids in encoded]
        self.labels = [_label_of(row) for row in rows]

    def __len__(self):
        return len(self.ids)

    def __getitem__(self, index):
        return torch.tensor(self.ids[index]), self.labels[index]
