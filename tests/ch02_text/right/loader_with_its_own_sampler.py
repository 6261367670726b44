"""Builds the sampler, the batches and the collation by hand.

exercise: create_dataloader_v1
"""

import torch
from torch.utils.data import BatchSampler, DataLoader, RandomSampler, SequentialSampler


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
        from tiktoken import get_encoding

        tokenizer = get_encoding("gpt2")
    data = GPTDatasetV1(txt=txt, tokenizer=tokenizer, max_length=max_length, stride=stride)
    order = RandomSampler(data) if shuffle else SequentialSampler(data)
    batches = BatchSampler(order, batch_size, drop_last)

    def collate(items):
        return tuple(torch.stack(column) for column in zip(*items))

    return DataLoader(data, batch_sampler=batches, num_workers=num_workers, collate_fn=collate)
