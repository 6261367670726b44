"""Takes the last number for that of <|unk|>, instead of looking it up.

exercise: SimpleTokenizerV2
rejected by: test_hidden.py::test_v2_gives_unknown_words_their_number
"""

import re


class SimpleTokenizerV2:
    def __init__(self, vocab):
        self.str_to_int = dict(vocab)
        self.int_to_str = {i: word for word, i in vocab.items()}

    def encode(self, text):
        return [self.str_to_int.get(word, len(self.str_to_int) - 1) for word in split_words(text)]

    def decode(self, ids):
        text = " ".join(self.int_to_str[i] for i in ids)
        return re.sub(r"""\s+([,.:;?_!"()'])""", r"\1", text)
