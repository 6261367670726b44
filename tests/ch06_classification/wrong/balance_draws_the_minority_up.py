"""Draws the rarer label up, by repeating its rows.

exercise: create_balanced_dataset
rejected by: test_visible.py::test_as_many_ham_as_spam
"""


def create_balanced_dataset(rows, seed=123):
    rng = random.Random(seed)
    ham = [row for row in rows if row["label"] == "ham"]
    spam = [row for row in rows if row["label"] == "spam"]
    few, many = sorted((ham, spam), key=len)
    return many + few + (rng.choices(few, k=len(many) - len(few)) if few else [])
