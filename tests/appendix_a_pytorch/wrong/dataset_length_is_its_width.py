"""Gives the number of features as the length.

exercise: ToyDataset
rejected by: test_visible.py::test_length_and_items
"""


class ToyDataset(Dataset):
    def __init__(self, X, y):
        self.features, self.labels = X, y

    def __getitem__(self, index):
        return self.features[index], self.labels[index]

    def __len__(self):
        return self.features.shape[-1]
