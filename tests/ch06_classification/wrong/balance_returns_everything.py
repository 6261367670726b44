"""Returns all rows.

exercise: create_balanced_dataset
rejected by: test_visible.py::test_as_many_ham_as_spam
"""


def create_balanced_dataset(rows, seed=123):
    return list(rows)
