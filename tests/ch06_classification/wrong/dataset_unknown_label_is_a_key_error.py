"""Lets the dict of labels complain.

exercise: SpamDataset
rejected by: test_hidden.py::test_an_unknown_label_is_named
"""


class SpamDataset(Dataset[tuple[Tensor, int]]):
    def __init__(
        self,
        rows: Sequence[dict[str, str]],
        tokenizer: Any,
        max_length: int | None = None,
        pad_token_id: int = 50256,
    ) -> None:
        super().__init__()
        self.labels = [LABELS[row["label"]] for row in rows]
        special = {"<|endoftext|>"}
        encoded = [list(tokenizer.encode(row["text"], allowed_special=special)) for row in rows]
        if max_length is None:
            max_length = max(map(len, encoded), default=0)
        self.max_length = max_length
        self.ids = torch.full((len(encoded), max_length), pad_token_id)  # (rows, T)
        for line, ids in zip(self.ids, encoded, strict=True):
            line[: len(ids)] = torch.tensor(ids[:max_length])

    def __len__(self) -> int:
        return len(self.labels)

    def __getitem__(self, index: int) -> tuple[Tensor, int]:
        return self.ids[index], self.labels[index]
