"""Begins anew after the last example, so that a loop never ends.

exercise: ToyDataset
rejected by: test_hidden.py::test_past_the_end_is_an_index_error
"""


class ToyDataset(Dataset):
    def __init__(self, X, y):
        self.features, self.labels = X, y

    def __getitem__(self, index):
        index %= len(self.labels)
        return self.features[index], self.labels[index]

    def __len__(self):
        return len(self.labels)
