"""What the learner sees while writing ch01_landscape."""

import pytest


@pytest.mark.exercise("next_word_pairs")
def test_each_word_is_predicted_from_all_words_before_it(chapter):
    """Every word but the first is a target once, and its context is all the words before it."""
    words = ["the", "cat", "saw", "the", "dog"]
    expected = [
        (["the"], "cat"),
        (["the", "cat"], "saw"),
        (["the", "cat", "saw"], "the"),
        (["the", "cat", "saw", "the"], "dog"),
    ]
    pairs = chapter.next_word_pairs(words)
    assert isinstance(pairs, list), f"expected a list, got {pairs!r}"
    found = [(context, target) for context, target in pairs]
    assert found == expected, f"next_word_pairs({words}): expected {expected}, got {found}"


@pytest.mark.exercise("next_word_pairs")
def test_short_texts_have_no_pairs(chapter):
    """A text of fewer than two words has nothing to predict, and gives an empty list."""
    for words in ([], ["alone"]):
        pairs = chapter.next_word_pairs(list(words))
        assert isinstance(pairs, list), f"next_word_pairs({words}): expected [], got {pairs!r}"
        assert not pairs, f"next_word_pairs({words}): expected [], got {pairs!r}"


@pytest.mark.exercise("mask_words")
def test_masked_words_by_hand(chapter):
    """The words at the positions asked for become [MASK]; the answers say what stood there."""
    words = ["the", "cat", "saw", "the", "dog"]
    text, answers = chapter.mask_words(words, [3, 1])
    expected = ["the", "[MASK]", "saw", "[MASK]", "dog"]
    assert text == expected, f"the text: expected {expected}, got {text!r}"
    assert answers == {1: "cat", 3: "the"}, f"the answers: {answers!r}"


@pytest.mark.exercise("mask_words")
def test_only_the_positions_asked_for_are_masked(chapter):
    """The same word elsewhere in the text stays, and another mask token can be chosen."""
    words = ["no", "no", "no", "yes"]
    text, answers = chapter.mask_words(words, [1], mask_token="___")
    assert text == ["no", "___", "no", "yes"], f"the text: {text!r}"
    assert answers == {1: "no"}, f"the answers: {answers!r}"


@pytest.mark.exercise("few_shot_prompt")
def test_few_shot_prompt_by_hand(chapter):
    """The lines are the task, `input => output` for each example, and last `query =>`."""
    examples = [("sea otter", "loutre de mer"), ("cheese", "fromage")]
    prompt = chapter.few_shot_prompt("Translate English to French:", examples, "plush giraffe")
    expected = (
        "Translate English to French:\n"
        "sea otter => loutre de mer\n"
        "cheese => fromage\n"
        "plush giraffe =>"
    )
    assert prompt == expected, f"expected {expected!r}, got {prompt!r}"


@pytest.mark.exercise("few_shot_prompt")
def test_zero_shot_prompt_has_two_lines(chapter):
    """Without examples the query follows the task on the next line."""
    prompt = chapter.few_shot_prompt("Name the capital:", [], "Peru")
    assert prompt == "Name the capital:\nPeru =>", f"got {prompt!r}"


@pytest.mark.exercise("dataset_epochs")
def test_epochs_of_the_data_of_gpt3(chapter, probe):
    """GPT-3 saw 0.44 of CommonCrawl and read Wikipedia 3 times: share * trained / size."""
    billion = 10**9
    table = {
        "CommonCrawl": (410, 0.60, 0.439024),
        "WebText2": (19, 0.22, 3.473684),
        "Books1": (12, 0.08, 2.0),
        "Books2": (55, 0.08, 0.436364),
        "Wikipedia": (3, 0.03, 3.0),
    }
    for name, (size, share, epochs) in table.items():
        found = chapter.dataset_epochs(size * billion, share, 300 * billion)
        what = f"dataset_epochs({size} billion, {share}, 300 billion) for {name}"
        probe.assert_close(found, epochs, what)


@pytest.mark.exercise("weight_bytes")
def test_weights_of_gpt3(chapter, probe):
    """175 billion parameters take 700 GB in float32, 350 in the 16-bit types, 175 in int8."""
    table = {"float64": 1400, "float32": 700, "float16": 350, "bfloat16": 350, "int8": 175}
    for dtype, gigabytes in table.items():
        found = chapter.weight_bytes(175 * 10**9, dtype)
        probe.assert_close(found, gigabytes * 10**9, f"weight_bytes(175_000_000_000, {dtype!r})")


@pytest.mark.exercise("training_flops")
def test_flops_of_gpt3(chapter, probe):
    """175 billion parameters and 300 billion tokens take 3.15e23 operations: 6 N D."""
    found = chapter.training_flops(175 * 10**9, 300 * 10**9)
    probe.assert_close(found, 3.15e23, "training_flops(175_000_000_000, 300_000_000_000)")


@pytest.mark.exercise("attention_pattern")
def test_a_decoder_sees_itself_and_what_came_before(chapter):
    """In a decoder, row t is True up to and including column t."""
    expected = [
        [True, False, False, False],
        [True, True, False, False],
        [True, True, True, False],
        [True, True, True, True],
    ]
    found = chapter.attention_pattern("decoder", 4)
    assert found == expected, f'attention_pattern("decoder", 4): expected {expected}, got {found!r}'


@pytest.mark.exercise("attention_pattern")
def test_encoder_and_cross_attention_see_everything(chapter):
    """In an encoder and in cross-attention, every position sees every position."""
    for kind in ("encoder", "cross"):
        found = chapter.attention_pattern(kind, 3)
        assert found == [[True] * 3] * 3, f"attention_pattern({kind!r}, 3): got {found!r}"
