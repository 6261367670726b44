"""Leaves <|unk|> out of what it decodes.

exercise: SimpleTokenizerV2
rejected by: test_hidden.py::test_v2_encodes_what_it_decoded
"""

import re


class SimpleTokenizerV2:
    def __init__(self, vocab):
        self.str_to_int = dict(vocab)
        self.int_to_str = {i: word for word, i in vocab.items()}

    def encode(self, text):
        return [self.str_to_int.get(word, self.str_to_int["<|unk|>"]) for word in split_words(text)]

    def decode(self, ids):
        words = [self.int_to_str[i] for i in ids]
        text = " ".join(word for word in words if word != "<|unk|>")
        return re.sub(r"""\s+([,.:;?_!"()'])""", r"\1", text)
