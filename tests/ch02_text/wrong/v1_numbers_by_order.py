"""Takes a word's place in the dict for its number.

exercise: SimpleTokenizerV1
rejected by: test_hidden.py::test_v1_encodes_any_known_words
"""

import re


class SimpleTokenizerV1:
    def __init__(self, vocab):
        self.str_to_int = {word: i for i, word in enumerate(vocab)}
        self.int_to_str = dict(enumerate(vocab))

    def encode(self, text):
        return [self.str_to_int[word] for word in split_words(text)]

    def decode(self, ids):
        text = " ".join(self.int_to_str[i] for i in ids)
        return re.sub(r"""\s+([,.:;?_!"()'])""", r"\1", text)
