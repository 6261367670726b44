"""Merges ids instead of bytes, one place at a time, and finds special tokens with str.find.

exercise: BPETokenizer
"""

import json


class BPETokenizer:
    def __init__(self, merges, special_tokens=None):
        self._setup({bytes([b]): b for b in range(256)}, list(merges), range(256, 1 << 40))
        special_tokens = special_tokens or {}
        if hasattr(special_tokens, "items"):
            self._special = dict(special_tokens.items())
        else:
            first = 256 + len(self._rules)
            self._special = dict(zip(special_tokens, range(first, first + len(special_tokens))))

    def _setup(self, single, merges, numbers):
        ids, self._rules, self._byte = dict(single), {}, [0] * 256
        for token, number in single.items():
            self._byte[token[0]] = number
        for rank, ((left, right), number) in enumerate(zip(merges, numbers)):
            self._rules[ids[left], ids[right]] = (rank, number)
            ids[left + right] = number
        self._tokens = {number: token for token, number in ids.items()}

    @staticmethod
    def from_gpt2(vocab_bpe_path, encoder_json_path):
        plain = [b for b in range(256) if chr(b).isprintable() and chr(b) != " "]
        other = [b for b in range(256) if b not in plain]
        table = str.maketrans({chr(256 + i): chr(b) for i, b in enumerate(other)})

        def to_bytes(symbols):
            return symbols.translate(table).encode("latin-1")

        with open(vocab_bpe_path, encoding="utf-8") as file:
            rows = [
                line.rstrip("\n").split(" ") for line in file if not line.startswith("#version")
            ]
        with open(encoder_json_path, encoding="utf-8") as file:
            numbers = json.load(file)
        tokenizer = BPETokenizer([], {"<|endoftext|>": numbers["<|endoftext|>"]})
        single = {to_bytes(s): i for s, i in numbers.items() if len(s) == 1}
        merges = [(to_bytes(left), to_bytes(right)) for left, right in rows]
        tokenizer._setup(single, merges, [numbers[left + right] for left, right in rows])
        return tokenizer

    def encode(self, text, allowed_special=()):
        names = self._special if allowed_special == "all" else set(allowed_special)
        names = [name for name in self._special if name in names]
        out = []
        while text:
            places = [(text.find(name), name) for name in names if name in text]
            place, name = min(places, default=(len(text), ""))
            for piece in pre_tokenize(text[:place]):
                ids = [self._byte[b] for b in piece.encode()]
                while True:
                    best = min(
                        (
                            (self._rules[p], k)
                            for k, p in enumerate(zip(ids, ids[1:]))
                            if p in self._rules
                        ),
                        default=None,
                    )
                    if best is None:
                        break
                    (_, number), k = best
                    ids[k : k + 2] = [number]
                out.extend(ids)
            if name:
                out.append(self._special[name])
            text = text[place + len(name) :]
        return out

    def decode(self, ids):
        names = {number: name for name, number in self._special.items()}
        data = bytearray()
        for number in ids:
            if number in names:
                data += names[number].encode()
            elif number in self._tokens:
                data += self._tokens[number]
            else:
                raise ValueError(f"cannot decode {number}: there is no such token")
        return str(data, "utf-8", "replace")
