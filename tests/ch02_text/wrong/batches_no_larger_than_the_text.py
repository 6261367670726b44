"""Makes batches as small as a short text, so that the one it has is not dropped.

exercise: create_dataloader_v1
rejected by: test_hidden.py::test_the_last_batch
"""

from torch.utils.data import DataLoader


def create_dataloader_v1(
    txt,
    batch_size=4,
    max_length=256,
    stride=128,
    shuffle=True,
    drop_last=True,
    num_workers=0,
    tokenizer=None,
):
    if tokenizer is None:
        import tiktoken

        tokenizer = tiktoken.get_encoding("gpt2")
    data = GPTDatasetV1(txt, tokenizer, max_length, stride)
    return DataLoader(
        data,
        batch_size=min(batch_size, len(data)),
        shuffle=shuffle,
        drop_last=drop_last,
        num_workers=num_workers,
    )
