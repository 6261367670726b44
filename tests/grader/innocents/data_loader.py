"""Goes through a DataLoader without workers."""

import torch
from torch.utils.data import DataLoader, Dataset, TensorDataset


class Rows(Dataset):
    def __init__(self, x):
        self.x = x

    def __len__(self):
        return len(self.x)

    def __getitem__(self, i):
        return self.x[i]


def double(x):
    if isinstance(x, int):
        return 2 * x
    return torch.cat([2 * batch for batch in DataLoader(Rows(x), batch_size=1, num_workers=0)])


def quadruple(x):
    if isinstance(x, int):
        return 4 * x
    return torch.cat([4 * row for (row,) in DataLoader(TensorDataset(x), num_workers=0)])


def gelu(x):
    return 0.5 * x * (1 + torch.erf(x / 2**0.5))
