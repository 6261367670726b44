"""Raises ValueError for an unknown word, where KeyError is asked for.

exercise: SimpleTokenizerV1
rejected by: test_visible.py::test_v1_names_the_word_that_it_does_not_know
"""

import re


class SimpleTokenizerV1:
    def __init__(self, vocab):
        self.str_to_int = dict(vocab)
        self.int_to_str = {i: word for word, i in vocab.items()}

    def encode(self, text):
        words = split_words(text)
        for word in words:
            if word not in self.str_to_int:
                raise ValueError(f"unknown word {word}")
        return [self.str_to_int[word] for word in words]

    def decode(self, ids):
        text = " ".join(self.int_to_str[i] for i in ids)
        return re.sub(r"""\s+([,.:;?_!"()'])""", r"\1", text)
