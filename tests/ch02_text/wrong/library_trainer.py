"""Leaves the work to the library tokenizers.

exercise: train_bpe
rejected by: test_visible.py::test_train_bpe_is_written_from_scratch
"""


def train_bpe(text, vocab_size):
    from tokenizers import Tokenizer, models, pre_tokenizers, trainers

    if vocab_size < 256:
        raise ValueError(f"{vocab_size} is below 256")
    tokenizer = Tokenizer(models.BPE())
    tokenizer.pre_tokenizer = pre_tokenizers.ByteLevel(add_prefix_space=False)
    alphabet = pre_tokenizers.ByteLevel.alphabet()
    trainer = trainers.BpeTrainer(vocab_size=vocab_size, initial_alphabet=alphabet)
    tokenizer.train_from_iterator([text], trainer)
    import json

    merges = json.loads(tokenizer.to_str())["model"]["merges"]
    return [(left.encode(), right.encode()) for left, right in merges]
