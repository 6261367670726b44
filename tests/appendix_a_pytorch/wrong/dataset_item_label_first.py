"""Returns the label before the features.

exercise: ToyDataset
rejected by: test_visible.py::test_length_and_items
"""


class ToyDataset(Dataset):
    def __init__(self, X, y):
        self.features, self.labels = X, y

    def __getitem__(self, index):
        return self.labels[index], self.features[index]

    def __len__(self):
        return len(self.labels)
