"""V2 is a V1 with another vocabulary; decode works on words, not on text.

exercise: SimpleTokenizerV1, SimpleTokenizerV2
"""

from collections import defaultdict


class SimpleTokenizerV1:
    def __init__(self, vocab):
        self._vocab = vocab
        self._words = sorted(vocab, key=vocab.get)

    def encode(self, text):
        ids = []
        for word in split_words(text):
            if word not in self._vocab:
                raise KeyError(f"the vocabulary has no {word!r}")
            ids.append(self._vocab[word])
        return ids

    def decode(self, ids):
        parts = []
        for number in ids:
            word = self._words[number]
            if parts and word not in tuple(",.:;?_!\"()'"):
                parts.append(" ")
            parts.append(word)
        return "".join(parts)


class SimpleTokenizerV2(SimpleTokenizerV1):
    def encode(self, text):
        vocab = defaultdict(lambda: self._vocab["<|unk|>"], self._vocab)
        return [vocab[word] for word in split_words(text)]
