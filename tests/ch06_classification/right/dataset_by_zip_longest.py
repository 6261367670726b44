"""Pads by transposing with zip_longest and asks for labels only when an item is read.

exercise: SpamDataset
"""


class SpamDataset(Dataset):
    def __init__(self, rows, tokenizer, max_length=None, pad_token_id=50256):
        special = frozenset(["<|endoftext|>"])
        encoded = [tuple(tokenizer.encode(row["text"], allowed_special=special)) for row in rows]
        width = max(map(len, encoded)) if max_length is None else max_length
        frame = [*encoded, (pad_token_id,) * width]
        columns = itertools.zip_longest(*frame, fillvalue=pad_token_id)
        lines = list(zip(*itertools.islice(columns, width)))[: len(rows)] or [()] * len(rows)
        self.data = [torch.LongTensor(line) for line in lines]
        self.labels, self.max_length = [row["label"] for row in rows], width

    def __len__(self):
        return len(self.data)

    def __getitem__(self, index):
        if self.labels[index] not in ("ham", "spam"):
            raise ValueError(f"no label: {self.labels[index]}")
        return self.data[index], ("ham", "spam").index(self.labels[index])
