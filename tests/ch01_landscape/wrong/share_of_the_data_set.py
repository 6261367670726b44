"""Takes the share as the part of the data set that is used, not as its part of the training.

exercise: dataset_epochs
rejected by: test_visible.py::test_epochs_of_the_data_of_gpt3
"""


def dataset_epochs(dataset_tokens, share, trained_tokens):
    if dataset_tokens <= 0 or not 0 <= share <= 1:
        raise ValueError(f"dataset_tokens {dataset_tokens}, share {share}")
    return trained_tokens / (share * dataset_tokens) if share else 0.0
