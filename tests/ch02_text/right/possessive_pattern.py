"""Uses the faster pattern with possessive quantifiers; counts with a comprehension of Counters.

exercise: pre_tokenize, count_pairs
"""

import regex
from collections import Counter, defaultdict


def pre_tokenize(text):
    pattern = (
        r"""'(?:[sdmt]|ll|ve|re)| ?\p{L}++| ?\p{N}++| ?[^\s\p{L}\p{N}]++|\s++\Z|\s+(?!\S)|\s"""
    )
    return [match.group() for match in regex.finditer(pattern, text)]


def count_pairs(words):
    total = defaultdict(int)
    for word in words:
        for pair, times in Counter(zip(word, word[1:])).items():
            total[pair] += times * words[word]
    return total
