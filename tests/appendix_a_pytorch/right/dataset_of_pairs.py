"""Makes the pairs at once and keeps a list.

exercise: ToyDataset
"""


class ToyDataset:
    def __init__(self, X, y):
        self.pairs = list(zip(X, y))

    def __getitem__(self, index):
        return self.pairs[index]

    def __len__(self):
        return len(self.pairs)
