"""The rest of the suite of ch01_landscape."""

from fractions import Fraction

import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st

WORDS = st.lists(st.sampled_from(["a", "b", "to be", "", "[MASK]", "=>", "Ü"]), max_size=9)
TEXTS = st.text(max_size=12) | st.sampled_from(["{}", "%s", "{0}", " x ", "a => b", "x\n", "\\n"])
KINDS = ("encoder", "decoder", "cross")
DTYPES = ("float64", "float32", "float16", "bfloat16", "int8")


@pytest.mark.exercise("next_word_pairs")
@settings(max_examples=25)
@given(words=WORDS)
def test_contexts_and_targets_of_any_words(chapter, words):
    """For any words, repeated ones too, context i is the first i words and target i the next."""
    expected = []
    for i, target in enumerate(words):
        if i > 0:
            expected.append((words[0:i], target))
    pairs = chapter.next_word_pairs(list(words))
    assert isinstance(pairs, list), "the pairs are not a list"
    found = [(context, target) for context, target in pairs]
    assert found == expected, f"next_word_pairs({words}): got {found}"


@pytest.mark.exercise("next_word_pairs")
def test_the_words_stay_as_they_were(chapter, probe):
    """next_word_pairs does not change the list that it is given."""
    words = ["one", "word", "at", "a", "time"]
    argument = probe.place(list(words))
    pairs = chapter.next_word_pairs(argument)
    assert [target for _, target in pairs] == words[1:], f"the targets are wrong: {pairs}"
    after = probe.value(argument)
    assert after == words, f"the words after the call: {after!r}"


@pytest.mark.exercise("mask_words")
@settings(max_examples=25)
@given(words=WORDS, mask=st.sampled_from(["[MASK]", "", "a"]), data=st.data())
def test_masks_of_any_words(chapter, words, mask, data):
    """For any words and positions, in any order, gaps and answers are where they should be."""
    some = st.lists(st.integers(0, max(len(words) - 1, 0)), max_size=6 if words else 0)
    positions = data.draw(some, label="positions")
    expected = list(words)
    for position in positions:
        expected[position] = mask
    answers = {position: words[position] for position in positions}
    found = chapter.mask_words(list(words), list(positions), mask)
    assert found == (expected, answers), f"mask_words({words}, {positions}, {mask!r}): got {found}"


@pytest.mark.exercise("mask_words")
def test_a_position_given_twice_is_masked_once(chapter):
    """A position that is given twice still has the word itself as its answer, not the mask."""
    text, answers = chapter.mask_words(["never", "mind", "the", "gap"], [2, 0, 2])
    assert text == ["[MASK]", "mind", "[MASK]", "gap"], f"the text: {text!r}"
    assert answers == {0: "never", 2: "the"}, f"the answers: {answers!r}"


@pytest.mark.exercise("mask_words")
def test_nothing_to_mask(chapter):
    """Without positions the text stays, and there are no answers."""
    text, answers = chapter.mask_words(["as", "it", "was"], [])
    assert text == ["as", "it", "was"], f"the text: {text!r}"
    assert type(answers) is dict, f"the answers: {answers!r}"
    assert not answers, f"the answers: {answers!r}"


@pytest.mark.exercise("mask_words")
def test_masking_leaves_the_words_alone(chapter, probe):
    """mask_words makes a new list, and does not change the one that it is given."""
    words = ["fill", "in", "the", "gap"]
    argument = probe.place(list(words))
    text, _ = chapter.mask_words(argument, [3])
    assert text == ["fill", "in", "the", "[MASK]"], f"the text: {text!r}"
    after = probe.value(argument)
    assert after == words, f"the words after the call: {after!r}"


@pytest.mark.exercise("mask_words")
def test_positions_outside_the_text_are_refused(chapter):
    """A position from len(words) on raises ValueError with the position; the last one is legal."""
    words = ["a", "short", "text"]
    assert chapter.mask_words(list(words), [2])[1] == {2: "text"}, "the last position"
    with pytest.raises(ValueError, match=r"(?i)position|\b3\b"):
        chapter.mask_words(list(words), [0, 3])
    with pytest.raises(ValueError, match=r"(?i)position|\b97\b"):
        chapter.mask_words(list(words), [97])


@pytest.mark.exercise("mask_words")
def test_negative_positions_are_refused(chapter):
    """A negative position raises ValueError with the position; position 0 is legal."""
    words = ["a", "short", "text"]
    assert chapter.mask_words(list(words), [0])[1] == {0: "a"}, "the first position"
    for position in (-1, -3):
        with pytest.raises(ValueError, match=rf"(?i)position|{position}\b"):
            chapter.mask_words(list(words), [1, position])


@pytest.mark.exercise("few_shot_prompt")
@settings(max_examples=25)
@given(task=TEXTS, examples=st.lists(st.tuples(TEXTS, TEXTS), max_size=4), query=TEXTS)
def test_prompts_of_any_texts(chapter, task, examples, query):
    """Any texts appear as they are, also with braces, percent signs, spaces or arrows in them."""
    expected = task + "\n"
    for given_text, answer in examples:
        expected += given_text + " => " + answer + "\n"
    expected += query + " =>"
    prompt = chapter.few_shot_prompt(task, list(examples), query)
    assert prompt == expected, f"expected {expected!r}, got {prompt!r}"


@pytest.mark.exercise("few_shot_prompt")
def test_the_examples_stay_as_they_were(chapter, probe):
    """few_shot_prompt does not change the list of examples."""
    examples = [("2 + 2", "4"), ("3 + 5", "8")]
    argument = probe.place(list(examples))
    prompt = chapter.few_shot_prompt("Add:", argument, "1 + 1")
    assert prompt == "Add:\n2 + 2 => 4\n3 + 5 => 8\n1 + 1 =>", f"got {prompt!r}"
    after = probe.value(argument)
    assert after == examples, f"the examples after the call: {after!r}"


@pytest.mark.exercise("dataset_epochs")
@settings(max_examples=25)
@given(
    size=st.integers(1, 10**12),
    percent=st.integers(0, 100),
    trained=st.integers(1, 10**13),
)
def test_epochs_of_any_data_set(chapter, probe, size, percent, trained):
    """For any sizes, the epochs are share * trained_tokens / dataset_tokens, not rounded."""
    expected = float(Fraction(percent, 100) * trained / size)
    found = chapter.dataset_epochs(size, percent / 100, trained)
    probe.assert_close(found, expected, f"dataset_epochs({size}, {percent / 100}, {trained})")


@pytest.mark.exercise("dataset_epochs")
def test_shares_outside_0_to_1_are_refused(chapter, probe):
    """A share above 1 (a percentage, perhaps) or below 0 raises ValueError; 0 and 1 are legal."""
    probe.assert_close(chapter.dataset_epochs(40, 1, 90), 2.25, "dataset_epochs(40, 1, 90)")
    probe.assert_close(chapter.dataset_epochs(40, 0, 90), 0.0, "dataset_epochs(40, 0, 90)")
    with pytest.raises(ValueError, match=r"(?i)share|1\.25"):
        chapter.dataset_epochs(10, 1.25, 20)
    with pytest.raises(ValueError, match=r"(?i)share|\b60\b"):
        chapter.dataset_epochs(410, 60, 300)
    with pytest.raises(ValueError, match=r"(?i)share|-0\.25"):
        chapter.dataset_epochs(410, -0.25, 300)


@pytest.mark.exercise("dataset_epochs")
def test_a_data_set_without_tokens_is_refused(chapter, probe):
    """A data set of 0 tokens or fewer raises ValueError; one of a single token is legal."""
    probe.assert_close(chapter.dataset_epochs(1, 0.5, 7), 3.5, "dataset_epochs(1, 0.5, 7)")
    for size in (0, -17):
        with pytest.raises(ValueError, match=rf"(?i)dataset|tokens|{size}\b"):
            chapter.dataset_epochs(size, 0.5, 300)


@pytest.mark.exercise("weight_bytes")
@settings(max_examples=20)
@given(n_params=st.integers(0, 2**70), dtype=st.sampled_from(DTYPES))
def test_bytes_are_exact(chapter, probe, n_params, dtype):
    """For any number of parameters, the bytes are an exact int, as torch stores this type."""
    expected = n_params * torch.empty(0, dtype=getattr(torch, dtype)).element_size()
    found = chapter.weight_bytes(n_params, dtype)
    probe.assert_close(found, expected, f"weight_bytes({n_params}, {dtype!r})")


@pytest.mark.exercise("weight_bytes")
def test_unknown_types_are_refused(chapter, probe):
    """A name that is no known type raises ValueError with the name."""
    probe.assert_close(chapter.weight_bytes(3, "int8"), 3, "weight_bytes(3, 'int8')")
    for dtype in ("float7", "flaot32"):
        with pytest.raises(ValueError, match=dtype):
            chapter.weight_bytes(3, dtype)


@pytest.mark.exercise("training_flops")
@settings(max_examples=20)
@given(n_params=st.integers(1, 10**12), n_tokens=st.integers(1, 10**13))
def test_flops_of_any_run(chapter, probe, n_params, n_tokens):
    """Each parameter costs six operations for each token: two forward, four backward."""
    expected = float(6 * n_params * n_tokens)
    found = chapter.training_flops(n_params, n_tokens)
    probe.assert_close(found, expected, f"training_flops({n_params}, {n_tokens})")


@pytest.mark.exercise("attention_pattern")
@settings(max_examples=25)
@given(kind=st.sampled_from(KINDS), T=st.integers(1, 9))
def test_patterns_of_any_size(chapter, kind, T):
    """For any T there are T rows of T real bools, in a triangle for a decoder only."""
    every = torch.ones(T, T, dtype=torch.bool)
    expected = (every.tril() if kind == "decoder" else every).tolist()
    found = chapter.attention_pattern(kind, T)
    assert found == expected, f"attention_pattern({kind!r}, {T}): got {found!r}"
    kinds = {type(seen).__name__ for row in found for seen in row}
    assert kinds == {"bool"}, f"attention_pattern({kind!r}, {T}) holds values of type {kinds}"


@pytest.mark.exercise("attention_pattern")
def test_other_kinds_are_refused(chapter):
    """A kind that is none of the three raises ValueError with the kind."""
    assert chapter.attention_pattern("cross", 1) == [[True]], 'attention_pattern("cross", 1)'
    for kind in ("sideways", "enocder"):
        with pytest.raises(ValueError, match=kind):
            chapter.attention_pattern(kind, 3)
