"""Joins the words without spaces, so that they cannot be told apart again.

exercise: SimpleTokenizerV1
rejected by: test_hidden.py::test_v1_encodes_what_it_decoded
"""

import re


class SimpleTokenizerV1:
    def __init__(self, vocab):
        self.str_to_int = dict(vocab)
        self.int_to_str = {i: word for word, i in vocab.items()}

    def encode(self, text):
        return [self.str_to_int[word] for word in split_words(text)]

    def decode(self, ids):
        return "".join(self.int_to_str[i] for i in ids)
