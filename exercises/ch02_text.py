"""Text becomes numbers: words, byte pairs, training windows, and the vectors a model starts from.

The chapter climbs from a tokenizer of words (SimpleTokenizerV1 and V2) to GPT-2's byte pair
encoding: cut the text (pre_tokenize), learn which bytes belong together (count_pairs, merge_pair,
train_bpe), and use what was learned (BPETokenizer). Then token ids become pairs of input and target
(GPTDatasetV1, create_dataloader_v1), and ids become vectors (InputEmbedding).

Beside torch, this chapter may import one module that is not Python's own: `regex`, which knows
Unicode's kinds of characters by name. tiktoken needs it, so you have it. tiktoken itself is only
the default of create_dataloader_v1: import it inside that function, since the byte pair exercises
are judged where it cannot be imported.

Shapes: B batch, T tokens (time), C embedding.

References:
    Book chapter 2; Sennrich et al. 2016, "Neural Machine Translation of Rare Words with Subword
    Units"; Radford et al. 2019, "Language Models are Unsupervised Multitask Learners", section 2.2.
"""

import json
import re
from collections import Counter, defaultdict
from collections.abc import Collection, Iterable, Mapping, Sequence
from functools import lru_cache
from heapq import heapify, heappop, heappush
from itertools import pairwise
from pathlib import Path
from typing import Any, Self

import regex
import torch
from torch import Tensor, nn
from torch.utils.data import DataLoader, Dataset

Pair = tuple[bytes, bytes]  # two neighbouring tokens
Word = tuple[bytes, ...]  # a piece of text as the tokens that it is made of so far


def split_words(text: str) -> list[str]:
    r"""Cut a text into words and punctuation, and drop the white space.

    Each of the characters `, . : ; ? _ ! " ( ) '` is a piece of its own, and so is a double hyphen
    `--`, taken from the left where there are more than two in a row. White space (what `str.split`
    takes for it) ends a piece and is dropped. What stands between is a word, in which a single
    hyphen, a digit or any other character is like a letter.

    Args:
        text: Any text.

    Returns:
        The pieces in order, none of them empty and none with white space in it.

    Example:
        split_words('Hello, world. Is this-- a "re-test"?') is ['Hello', ',', 'world', '.', 'Is',
        'this', '--', 'a', '"', 're-test', '"', '?'].

    References:
        Book 2.2.
    """
    raise NotImplementedError("ch02_text.split_words")


def build_vocab(words: Iterable[str], specials: Sequence[str] = ()) -> dict[str, int]:
    """Give every word a number.

    Args:
        words: Words in any order, with repetitions.
        specials: Tokens that are not words, none of them among `words`, such as
            `("<|endoftext|>", "<|unk|>")`.

    Returns:
        The vocabulary, word to number: the distinct words in sorted order (that of Python's
        `sorted`) are numbered from 0, then the specials in the order given. The arguments are left
        as they were.

    Example:
        build_vocab(["b", "a", "b"], ["<|unk|>"]) is {"a": 0, "b": 1, "<|unk|>": 2}.

    References:
        Book 2.3 and 2.4.
    """
    raise NotImplementedError("ch02_text.build_vocab")


class SimpleTokenizerV1:
    """A tokenizer of words and punctuation, which knows only the words of its vocabulary.

    White space is lost by design, so that decode(encode(text)) may differ from the text. What holds
    is encode(decode(ids)) == ids, for any ids of a vocabulary made of pieces from `split_words`.

    Args:
        vocab: Word to number, as `build_vocab` gives it.

    References:
        Book 2.3.
    """

    def __init__(self, vocab: Mapping[str, int]) -> None:
        raise NotImplementedError("ch02_text.SimpleTokenizerV1.__init__")

    def encode(self, text: str) -> list[int]:
        """Turn a text into the numbers of its pieces, cut by `split_words`.

        Args:
            text: Any text.

        Returns:
            One number for each piece.

        Raises:
            KeyError: A piece is not in the vocabulary; it names that piece.

        Example:
            With the vocabulary {"!": 0, "hello": 1}, encode("hello!") is [1, 0].
        """
        raise NotImplementedError("ch02_text.SimpleTokenizerV1.encode")

    def decode(self, ids: Iterable[int]) -> str:
        r"""Turn numbers back into a text.

        The words are joined with one space each; then the white space before each of the
        characters `, . : ; ? _ ! " ( ) '` is dropped (but not the one after it).

        Args:
            ids: Numbers of the vocabulary, whose words are pieces as `split_words` gives them: one
                that begins with a mark is that mark.

        Returns:
            The text.

        Example:
            The words `"`, `Hello`, `,`, `world`, `!` come back as `" Hello, world!`.
        """
        raise NotImplementedError("ch02_text.SimpleTokenizerV1.decode")


class SimpleTokenizerV2:
    """The same tokenizer with a token for every word that it does not know, `<|unk|>`.

    The law is the same, too: encode(decode(ids)) == ids. White space is lost, and unknown words.

    Args:
        vocab: Word to number, as `build_vocab` gives it, with `<|unk|>` in it, whatever its number.

    References:
        Book 2.4.
    """

    def __init__(self, vocab: Mapping[str, int]) -> None:
        raise NotImplementedError("ch02_text.SimpleTokenizerV2.__init__")

    def encode(self, text: str) -> list[int]:
        """Turn a text into the numbers of its pieces, cut by `split_words`.

        A special token such as `<|endoftext|>` with white space or punctuation on both sides is a
        piece like any other, and has the number that the vocabulary gives it.

        Args:
            text: Any text.

        Returns:
            One number for each piece; that of `<|unk|>` for a piece that the vocabulary lacks.

        Example:
            With the vocabulary {"hello": 0, "<|unk|>": 1}, encode("hello, hello") is [0, 1, 0].
        """
        raise NotImplementedError("ch02_text.SimpleTokenizerV2.encode")

    def decode(self, ids: Iterable[int]) -> str:
        """Turn numbers back into a text, as `SimpleTokenizerV1.decode` does.

        Args:
            ids: Numbers of the vocabulary.

        Returns:
            The text; `<|unk|>` where a word was not known.
        """
        raise NotImplementedError("ch02_text.SimpleTokenizerV2.decode")


def pre_tokenize(text: str) -> list[str]:
    r"""Cut a text into pieces as GPT-2 does, before any bytes are merged.

    Nothing is lost: the pieces, joined, are the text. From the left, each piece is the first of
    these that fits at its place, as long as it can be:

    1. one of `'s 't 're 've 'm 'll 'd`, in lower case, with a straight apostrophe;
    2. letters, with at most one space in front of them;
    3. numbers, with at most one space in front of them;
    4. characters that are neither letters, numbers nor white space, with at most one space in
       front of them;
    5. white space that ends the text or stands before more white space: a run of it at the end of
       the text, or all but the last character of a run of two or more;
    6. white space.

    A space is U+0020; letters are Unicode's category L, numbers its category N (so `½` is a number,
    and a combining accent is neither), and white space is what has its property White_Space.
    (Tables of different Unicode versions disagree about characters that are new; the tests leave
    those out.)

    Args:
        text: Any text without lone surrogates.

    Returns:
        The pieces, none of them empty.

    Example:
        pre_tokenize("I'll pay  $20\n") is ["I", "'ll", " pay", " ", " $", "20", "\n"].

    References:
        Book 2.5; Radford et al. 2019, section 2.2; OpenAI's `encoder.py`.
    """
    raise NotImplementedError("ch02_text.pre_tokenize")


def count_pairs(words: Mapping[Word, int]) -> dict[Pair, int]:
    """Count how often each two tokens are neighbours.

    Every two neighbours count, also where pairs overlap: in (a, a, a), the pair (a, a) occurs
    twice. A word that occurs n times counts n times. The last token of a word and the first one of
    the next are not neighbours.

    Args:
        words: Each distinct word, as its tokens, and how often it occurs (at least once).

    Returns:
        Each pair that occurs, and how often. `words` is left as it was.

    Example:
        count_pairs({(b"a", b"b", b"c"): 2, (b"a", b"b"): 1}) is
        {(b"a", b"b"): 3, (b"b", b"c"): 2}.

    References:
        Book 2.5; Sennrich et al. 2016, section 3.2.
    """
    raise NotImplementedError("ch02_text.count_pairs")


def merge_pair(word: Word, pair: Pair) -> Word:
    """Join two tokens into one wherever they are neighbours.

    From the left; a token that was joined is not joined again, so (a, a, a) with the pair (a, a)
    becomes (aa, a).

    Args:
        word: The tokens of a word.
        pair: The two tokens to join.

    Returns:
        The tokens after joining; those of `word` if the pair is not in it.

    Example:
        merge_pair((b"a", b"b", b"c", b"a", b"b"), (b"a", b"b")) is (b"ab", b"c", b"ab").

    References:
        Book 2.5; Sennrich et al. 2016, section 3.2.
    """
    raise NotImplementedError("ch02_text.merge_pair")


def train_bpe(text: str, vocab_size: int) -> list[Pair]:
    """Learn which pairs of tokens to merge, most frequent first.

    The text is cut by `pre_tokenize`, and each piece becomes a word of single bytes (its UTF-8).
    Then, again and again, the most frequent pair of neighbours within words is merged in every
    word. Among equally frequent pairs, the lexicographically greatest is taken, as Python compares
    tuples of bytes: (b"b", b"a") before (b"a", b"z"), (b"ab", b"c") before (b"a", b"z"). Tokens of
    different words are never merged. A pair that occurs once is as good as any other: training
    stops early only when no word has two tokens left.

    Counting all pairs anew for every merge is fine for the tests. The reference counts once, each
    distinct word once, and then mends the counts of the words that a merge has changed.

    Args:
        text: Any text without lone surrogates.
        vocab_size: How many tokens there shall be: the 256 single bytes and one for each merge.

    Returns:
        The merges in the order in which they were made, at most `vocab_size` - 256.

    Raises:
        ValueError: `vocab_size` is below 256; the message names both numbers.

    Example:
        In "low low lower" the pair (b"o", b"w") and the pair (b"l", b"o") occur three times each:
        train_bpe("low low lower", 258) is [(b"o", b"w"), (b"l", b"ow")].

    References:
        Book 2.5; Sennrich et al. 2016, algorithm 1; Radford et al. 2019, section 2.2.
    """
    raise NotImplementedError("ch02_text.train_bpe")


class BPETokenizer:
    """A byte pair tokenizer: any text becomes ids, and the same ids become the same text again.

    Byte b has the id b, and the token that merge i makes has the id 256 + i.

    Args:
        merges: Pairs of tokens, as `train_bpe` gives them: each half is a single byte or was made
            by an earlier merge, no two merges make the same bytes, and the merges turn the bytes of
            each token into that token (so that a pair may be known by its joined bytes, too).
        special_tokens: Tokens with an id of their own that no merging makes, such as
            `<|endoftext|>`: a dict from their text to their id, which may leave gaps between ids;
            or a sequence of their texts, which are numbered after the merges in this order. None
            means that there are none.

    References:
        Book 2.5; Radford et al. 2019, section 2.2.
    """

    def __init__(
        self,
        merges: Sequence[Pair],
        special_tokens: Mapping[str, int] | Sequence[str] | None = None,
    ) -> None:
        raise NotImplementedError("ch02_text.BPETokenizer.__init__")

    @classmethod
    def from_gpt2(cls, vocab_bpe_path: str | Path, encoder_json_path: str | Path) -> Self:
        """GPT-2's tokenizer, from the two files that OpenAI published.

        Its ids are those of tiktoken's "gpt2" on any text. Both files write bytes as visible
        characters: the bytes 33 to 126, 161 to 172 and 174 to 255 are the character of the same
        number, and the other 68, in order, are the characters number 256, 257, and so on (a space
        is `Ġ`). Ids are those of encoder.json, where byte b does *not* have the id b.

        Args:
            vocab_bpe_path: `vocab.bpe`: UTF-8; after a line with a version, one merge a line, most
                important first, its halves with a space between them.
            encoder_json_path: `encoder.json`: one JSON object from token to id. `<|endoftext|>`,
                50256, is its one special token.

        Returns:
            The tokenizer, with `<|endoftext|>` as its special token.

        Example:
            encode("Hello, I am") is [15496, 11, 314, 716].
        """
        raise NotImplementedError("ch02_text.BPETokenizer.from_gpt2")

    def encode(self, text: str, allowed_special: Collection[str] | str = ()) -> list[int]:
        """Turn a text into ids.

        The text is first cut at the special tokens that are allowed, each of which becomes its id;
        a special token that is not allowed is ordinary text. What lies between them is cut by
        `pre_tokenize`, each stretch by itself. Each piece begins as the single bytes of its UTF-8;
        then, as long as any two neighbours are a pair of `merges`, the pair that comes first in
        `merges` is merged, wherever it stands in the text, and from the left where it overlaps
        itself. Nothing is merged across pieces.

        A search for the next pair through the whole piece, after each merge, is fine for the
        tests; to go through all of GPT-2's 50,000 merges for each piece is too slow. The reference
        remembers the pieces it has seen, and keeps pairs in a heap.

        Args:
            text: Any text without lone surrogates.
            allowed_special: The special tokens to be found in the text, or "all". A name that is no
                special token of this tokenizer is ignored.

        Returns:
            The ids.

        Example:
            BPETokenizer([(b"b", b"c"), (b"a", b"b")]).encode("abc") is [97, 256]: (b"a", b"b")
            stands further left, but comes later in the merges.
        """
        raise NotImplementedError("ch02_text.BPETokenizer.encode")

    def decode(self, ids: Sequence[int]) -> str:
        """Turn ids back into text.

        The bytes of all tokens are joined and read as UTF-8. A character may be spread over several
        tokens; bytes that are not UTF-8 become U+FFFD, as `bytes.decode` does with
        errors="replace". So decode(encode(text)) is the text, whatever `allowed_special` was.

        Args:
            ids: Ids of tokens, special ones too.

        Returns:
            The text.

        Raises:
            ValueError: An id belongs to no token; the message names it.

        Example:
            decode([226, 130, 172]) is "€", and decode([226, 130]) is the one character U+FFFD.
        """
        raise NotImplementedError("ch02_text.BPETokenizer.decode")


class GPTDatasetV1(Dataset[tuple[Tensor, Tensor]]):
    """A text as pairs of input and target: windows of tokens, and the same windows one token on.

    The text is encoded once, by tokenizer.encode(txt, allowed_special={"<|endoftext|>"}). With N
    tokens, windows begin at the tokens 0, stride, 2 * stride, and so on, as long as both the window
    and its target are full: at every such start below N - max_length. Their number is
    max(0, ceil((N - max_length) / stride)).

    Args:
        txt: The text.
        tokenizer: What encodes it, such as tiktoken's or `BPETokenizer`.
        max_length: Tokens in a window, at least 1.
        stride: Tokens from the start of a window to the start of the next, at least 1.

    Raises:
        ValueError: The text has no full window with a target, which takes max_length + 1 tokens;
            the message names the number of tokens of the text, and `max_length`.

    Example:
        For the ids 10, 11, 12, 13, 14 with max_length 2 and stride 2, item 0 is ([10, 11],
        [11, 12]), and item 1, the last, is ([12, 13], [13, 14]).

    References:
        Book 2.6.
    """

    def __init__(self, txt: str, tokenizer: Any, max_length: int, stride: int) -> None:
        raise NotImplementedError("ch02_text.GPTDatasetV1.__init__")

    def __len__(self) -> int:
        """The number of windows."""
        raise NotImplementedError("ch02_text.GPTDatasetV1.__len__")

    def __getitem__(self, index: int) -> tuple[Tensor, Tensor]:
        """One window and its target.

        Args:
            index: 0 to the number of windows - 1.

        Returns:
            The input and the target, (max_length,) int64 each; the target is the window that begins
            one token later.
        """
        raise NotImplementedError("ch02_text.GPTDatasetV1.__getitem__")


def create_dataloader_v1(
    txt: str,
    batch_size: int = 4,
    max_length: int = 256,
    stride: int = 128,
    shuffle: bool = True,
    drop_last: bool = True,
    num_workers: int = 0,
    tokenizer: Any = None,
) -> DataLoader[tuple[Tensor, Tensor]]:
    """Batches of windows of a text, with their targets.

    Args:
        txt: The text.
        batch_size: Windows in a batch.
        max_length: Tokens in a window.
        stride: Tokens from the start of a window to the start of the next.
        shuffle: Whether windows come in another, random order each time that one goes through them,
            also in the next loader of the same text: no seed is set here.
        drop_last: Whether to leave out a last batch that is smaller than `batch_size`, even if it
            is the only one.
        num_workers: Processes that load data beside this one.
        tokenizer: What encodes the text; None means tiktoken's "gpt2" (import tiktoken inside the
            function, see the top of the chapter).

    Returns:
        A torch DataLoader over `GPTDatasetV1`, which gives pairs of inputs and targets,
        (batch_size, max_length) int64 each.

    Raises:
        ValueError: As `GPTDatasetV1`.

    Example:
        With batch_size=2, max_length=3, stride=3, shuffle=False and a text of 10 tokens 0 to 9, the
        first batch is the inputs [[0, 1, 2], [3, 4, 5]] and the targets [[1, 2, 3], [4, 5, 6]].
        The third window is dropped with its batch, unless drop_last=False.

    References:
        Book 2.6.
    """
    raise NotImplementedError("ch02_text.create_dataloader_v1")


class InputEmbedding(nn.Module):
    """What a GPT starts from: a vector for each token plus a vector for its position.

    The parameters are those of two embedding layers and no others: `tok_emb`, whose weight is
    (vocab_size, emb_dim), and `pos_emb`, whose weight is (context_length, emb_dim); both begin with
    random numbers.

    Args:
        vocab_size: Number of tokens in the vocabulary.
        context_length: The most tokens that a sequence may have.
        emb_dim: C, the size of a vector.

    References:
        Book 2.7 and 2.8.
    """

    def __init__(self, vocab_size: int, context_length: int, emb_dim: int) -> None:
        super().__init__()
        raise NotImplementedError("ch02_text.InputEmbedding.__init__")

    def forward(self, in_idx: Tensor) -> Tensor:
        """Look up both vectors for each token, and add them.

        Args:
            in_idx: Token ids, (B, T) int64, where T is at most `context_length`.

        Returns:
            Vectors, (B, T, C): row t of each sequence is the vector of its token t plus the vector
            of position t.

        Raises:
            ValueError: T is larger than `context_length`; the message names both numbers.

        Example:
            If the weight of tok_emb is all zeros, every sequence of T tokens becomes the first T
            rows of the weight of pos_emb.
        """
        raise NotImplementedError("ch02_text.InputEmbedding.forward")
