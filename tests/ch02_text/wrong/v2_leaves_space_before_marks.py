"""Joins with spaces and leaves them before the marks.

exercise: SimpleTokenizerV2
rejected by: test_visible.py::test_v2_by_hand
"""

import re


class SimpleTokenizerV2:
    def __init__(self, vocab):
        self.str_to_int = dict(vocab)
        self.int_to_str = {i: word for word, i in vocab.items()}

    def encode(self, text):
        return [self.str_to_int.get(word, self.str_to_int["<|unk|>"]) for word in split_words(text)]

    def decode(self, ids):
        return " ".join(self.int_to_str[i] for i in ids)
