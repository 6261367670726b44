"""Returns the features alone.

exercise: ToyDataset
rejected by: test_hidden.py::test_a_data_loader_can_read_it
"""


class ToyDataset(Dataset):
    def __init__(self, X, y):
        self.features, self.labels = X, y

    def __getitem__(self, index):
        return self.features[index]

    def __len__(self):
        return len(self.labels)
