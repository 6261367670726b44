"""Pads at the last moment, and gives a list of the ids and a tensor for the label.

exercise: SpamDataset
"""


class SpamDataset:
    def __init__(self, rows, tokenizer, max_length=None, pad_token_id=50256):
        bad = {row["label"] for row in rows} - {"ham", "spam"}
        if bad:
            raise ValueError(f"unknown labels: {bad}")
        self.rows, self.pad = list(rows), pad_token_id
        self.encoded = [
            tokenizer.encode(text=row["text"], allowed_special={"<|endoftext|>"}) for row in rows
        ]
        self.max_length = max_length or max(len(ids) for ids in self.encoded)

    def __len__(self):
        return len(self.rows)

    def __getitem__(self, index):
        ids = torch.tensor(self.encoded[index][: self.max_length], dtype=torch.long)
        ids = nn.functional.pad(ids, (0, self.max_length - len(ids)), value=self.pad)
        return [ids, torch.tensor(self.rows[index]["label"] == "spam", dtype=torch.long)]
