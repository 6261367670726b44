"""Skips words that it does not know without a word.

exercise: SimpleTokenizerV1
rejected by: test_visible.py::test_v1_names_the_word_that_it_does_not_know
"""

import re


class SimpleTokenizerV1:
    def __init__(self, vocab):
        self.str_to_int = dict(vocab)
        self.int_to_str = {i: word for word, i in vocab.items()}

    def encode(self, text):
        return [self.str_to_int[word] for word in split_words(text) if word in self.str_to_int]

    def decode(self, ids):
        text = " ".join(self.int_to_str[i] for i in ids)
        return re.sub(r"""\s+([,.:;?_!"()'])""", r"\1", text)
