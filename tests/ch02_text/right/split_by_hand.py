"""Reads character by character, and builds the vocabulary in a loop.

exercise: split_words, build_vocab
"""


def split_words(text):
    padded = ""
    rest = text
    while rest:
        if rest.startswith("--"):
            padded, rest = padded + " -- ", rest[2:]
        elif rest[0] in ",.:;?_!\"()'":
            padded, rest = padded + f" {rest[0]} ", rest[1:]
        else:
            padded, rest = padded + rest[0], rest[1:]
    return padded.split()


def build_vocab(words, specials=()):
    vocab = {}
    for word in sorted(words):
        if word not in vocab:
            vocab[word] = len(vocab)
    for special in specials:
        vocab[special] = len(vocab)
    return vocab
