"""Turns the features into float32.

exercise: ToyDataset
rejected by: test_hidden.py::test_past_the_end_is_an_index_error
"""


class ToyDataset(Dataset):
    def __init__(self, X, y):
        self.X, self.y = X.float(), y

    def __getitem__(self, index):
        return self.X[index], self.y[index]

    def __len__(self):
        return len(self.y)
