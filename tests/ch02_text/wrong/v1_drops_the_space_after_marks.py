"""Drops the space after a mark, too.

exercise: SimpleTokenizerV1
rejected by: test_visible.py::test_v1_by_hand
"""

import re


class SimpleTokenizerV1:
    def __init__(self, vocab):
        self.str_to_int = dict(vocab)
        self.int_to_str = {i: word for word, i in vocab.items()}

    def encode(self, text):
        return [self.str_to_int[word] for word in split_words(text)]

    def decode(self, ids):
        text = " ".join(self.int_to_str[i] for i in ids)
        return re.sub(r"""\s*([,.:;?_!"()'])\s*""", r"\1", text)
