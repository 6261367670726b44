"""Raises KeyError without saying which word is unknown.

exercise: SimpleTokenizerV1
rejected by: test_visible.py::test_v1_names_the_word_that_it_does_not_know
"""

import re


class SimpleTokenizerV1:
    def __init__(self, vocab):
        self.str_to_int = dict(vocab)
        self.int_to_str = {i: word for word, i in vocab.items()}

    def encode(self, text):
        try:
            return [self.str_to_int[word] for word in split_words(text)]
        except KeyError:
            raise KeyError("unknown word") from None

    def decode(self, ids):
        text = " ".join(self.int_to_str[i] for i in ids)
        return re.sub(r"""\s+([,.:;?_!"()'])""", r"\1", text)
