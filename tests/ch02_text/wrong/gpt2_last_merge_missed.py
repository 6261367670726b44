"""Loses the last of GPT-2's merges.

exercise: BPETokenizer
rejected by: test_hidden.py::test_gpt2_ids_are_those_of_tiktoken
"""

import json
import re
from pathlib import Path


class BPETokenizer:
    def __init__(self, merges, special_tokens=None):
        merges = list(merges)
        self.ranks = {pair: i for i, pair in enumerate(merges)}
        self.ids = {bytes([b]): b for b in range(256)}
        self.ids |= {left + right: 256 + i for i, (left, right) in enumerate(merges)}
        if special_tokens is None:
            special_tokens = {}
        if not isinstance(special_tokens, dict):
            special_tokens = {s: 256 + len(merges) + i for i, s in enumerate(special_tokens)}
        self.special = dict(special_tokens)
        self.bytes = {i: token for token, i in self.ids.items()}
        self.bytes |= {i: s.encode() for s, i in self.special.items()}

    @classmethod
    def from_gpt2(cls, vocab_bpe_path, encoder_json_path):
        visible = [*range(33, 127), *range(161, 173), *range(174, 256)]
        table = {chr(b): b for b in visible}
        hidden = [b for b in range(256) if b not in visible]
        table |= {chr(256 + i): b for i, b in enumerate(hidden)}
        lines = Path(vocab_bpe_path).read_text(encoding="utf-8").split("\n")[1:-2]
        pairs = [line.split() for line in lines]
        merges = [tuple(bytes(table[c] for c in half) for half in pair) for pair in pairs]
        encoder = json.loads(Path(encoder_json_path).read_text(encoding="utf-8"))
        special = {"<|endoftext|>": encoder.pop("<|endoftext|>")}
        made = cls(merges, special)
        made.ids = {bytes(table[c] for c in token): i for token, i in encoder.items()}
        made.bytes = {i: token for token, i in made.ids.items()}
        made.bytes |= {i: s.encode() for s, i in special.items()}
        return made

    def encode(self, text, allowed_special=()):
        allowed = [s for s in self.special if allowed_special == "all" or s in allowed_special]
        if not allowed:
            return self.ordinary(text)
        ids = []
        for part in re.split("(" + "|".join(map(re.escape, allowed)) + ")", text):
            ids += [self.special[part]] if part in allowed else self.ordinary(part)
        return ids

    def ordinary(self, text):
        ids = []
        for piece in pre_tokenize(text):
            ids += self.merged(piece)
        return ids

    def merged(self, piece):
        word = tuple(bytes([b]) for b in piece.encode())
        while len(word) > 1:
            pair = min(zip(word, word[1:]), key=lambda p: self.ranks.get(p, 1e9))
            if pair not in self.ranks:
                break
            word = merge_pair(word, pair)
        return [self.ids[token] for token in word]

    def decode(self, ids):
        for i in ids:
            if i not in self.bytes:
                raise ValueError(f"unknown id {i}")
        return b"".join(self.bytes[i] for i in ids).decode("utf-8", errors="replace")
