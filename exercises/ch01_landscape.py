"""Chapter 1: what a language model is asked to do, what it learns from, and what that costs.

Plain Python and small numbers, before the first tensor: the two tasks that GPT and BERT are trained
on (next_word_pairs, mask_words), how a finished model is told what to do (few_shot_prompt), the
arithmetic of a training run (dataset_epochs, weight_bytes, training_flops), and who may look at
whom inside a transformer (attention_pattern).

References:
    Book chapter 1; Brown et al. 2020, "Language Models are Few-Shot Learners" (GPT-3).
"""

from collections.abc import Collection, Sequence


def next_word_pairs(words: Sequence[str]) -> list[tuple[list[str], str]]:
    """Turn a text into GPT's training task: given the words so far, say the next one.

    A text is its own teacher: nobody has to label it. Every word but the first is a target once,
    and its context is *all* the words before it.

    Args:
        words: A text as a list of words; left as it was. A word may occur more than once.

    Returns:
        A list of pairs (context, target) in the order of the text; a context is a list of words,
        shortest first and never empty. Fewer than two words give no pairs: [].

    Example:
        next_word_pairs(["one", "word", "at", "a", "time"])[:2] is
        [(["one"], "word"), (["one", "word"], "at")], and there are four pairs in all.

    References:
        Book 1.6; Radford et al. 2018, section 3.1.
    """
    raise NotImplementedError("ch01_landscape.next_word_pairs")


def mask_words(
    words: Sequence[str],
    positions: Collection[int],
    mask_token: str = "[MASK]",  # noqa: S107 - BERT's token, not a password
) -> tuple[list[str], dict[int, str]]:
    """Turn a text into BERT's training task: given the words around a gap, say what stood there.

    Where GPT sees only what comes before, this task shows both sides of a gap. Only the positions
    that are asked for are masked; the same word elsewhere stays.

    Args:
        words: A text as a list of words; left as it was.
        positions: Which words to hide, counted from 0, in any order; a position that is given
            twice is masked once. It may be empty.
        mask_token: What stands in the place of a hidden word.

    Returns:
        The words with the gaps, a list as long as `words`; and the answers, a dict from each hidden
        position to the word that stood there.

    Raises:
        ValueError: A position is negative, or not below len(words); the message has the position.

    Example:
        mask_words(["fill", "in", "the", "gap"], [3, 1]) is
        (["fill", "[MASK]", "the", "[MASK]"], {1: "in", 3: "gap"}).

    References:
        Book 1.4; Devlin et al. 2018, section 3.1 (BERT).
    """
    raise NotImplementedError("ch01_landscape.mask_words")


def few_shot_prompt(task: str, examples: Sequence[tuple[str, str]], query: str) -> str:
    """Write a prompt that shows the task by examples and leaves the last answer to the model.

    With examples this is few-shot (with one, one-shot), without any it is zero-shot: the same
    prompt, only that no example stands in it.

    Args:
        task: What is to be done, the first line.
        examples: Pairs (input, output), in the order in which they are shown; left as they were.
        query: The input that the model is to answer.

    Returns:
        Lines joined by a newline: the task; `input => output` for each example; `query =>`. Nothing
        follows the last arrow, neither a space nor a newline. All texts appear as they are.

    Example:
        few_shot_prompt("Name the opposite:", [("hot", "cold")], "big") has the lines
        `Name the opposite:`, `hot => cold` and `big =>`.

    References:
        Book 1.4; Brown et al. 2020, figure 2.1.
    """
    raise NotImplementedError("ch01_landscape.few_shot_prompt")


def dataset_epochs(dataset_tokens: float, share: float, trained_tokens: float) -> float:
    """Compute how often a model saw a data set, on average, while it was trained on a mix.

    Good data sets are given more than their size in the mix: they are read several times, while
    only a part of the largest one is read at all.

    Args:
        dataset_tokens: Size of the data set, in tokens.
        share: Share of the training tokens that comes from this data set, a fraction from 0 to 1
            (60 % is 0.6).
        trained_tokens: Tokens that the model was trained on, from all data sets together.

    Returns:
        The number of epochs, not rounded, as a float.

    Raises:
        ValueError: `dataset_tokens` is not above 0, or `share` is not in 0 to 1 (percent,
            perhaps?); the message has the argument's name and its value.

    Example:
        GPT-3 was trained on 300 billion tokens:

        data set     tokens   share  epochs
        CommonCrawl  410 B    60 %   0.44
        WebText2      19 B    22 %   3.47
        Books1        12 B     8 %   2.00
        Books2        55 B     8 %   0.44
        Wikipedia      3 B     3 %   3.00

    References:
        Book 1.5; Brown et al. 2020, table 2.2 (its own epochs differ a little: both the sizes and
        the shares in the table are rounded).
    """
    raise NotImplementedError("ch01_landscape.dataset_epochs")


def weight_bytes(n_params: int, dtype: str) -> int:
    """Compute how much memory the weights of a model take.

    Args:
        n_params: Number of parameters.
        dtype: Name of the type in which each is stored: "float64" (8 bytes), "float32" (4),
            "float16" (2), "bfloat16" (2) or "int8" (1).

    Returns:
        The number of bytes, an exact int.

    Raises:
        ValueError: `dtype` is none of these names; the message has the name.

    Example:
        GPT-3 has 175 billion parameters: weight_bytes(175_000_000_000, "float16") is
        350_000_000_000, which is 350 GB, far more than one graphics card holds.

    References:
        Book 1.5 and 1.6.
    """
    raise NotImplementedError("ch01_landscape.weight_bytes")


def training_flops(n_params: int, n_tokens: int) -> float:
    """Estimate the floating-point operations of a training run: 6 N D.

    For each of D tokens, each of N parameters takes part in one multiplication and one addition on
    the way forward (2 operations), and in twice as many on the way back, where the gradients of the
    inputs and of the weights are computed (4 operations).

    Args:
        n_params: Number of parameters, N.
        n_tokens: Number of tokens trained on, D.

    Returns:
        The number of operations.

    Example:
        GPT-3: training_flops(175_000_000_000, 300_000_000_000) is 3.15e23. At 1e14 operations a
        second (one good graphics card) that takes a hundred years.

    References:
        Book 1.5; Kaplan et al. 2020, section 2.1.
    """
    raise NotImplementedError("ch01_landscape.training_flops")


def attention_pattern(kind: str, T: int) -> list[list[bool]]:
    """Draw who may look at whom in the three kinds of attention of a transformer.

    An encoder (BERT) reads a finished text: everybody sees everybody. A decoder (GPT) writes a
    text: position t sees itself and what comes before, not what is still to be written. In
    cross-attention a decoder looks at the encoder's text, which is finished: everybody sees all of
    it (here both texts have the same length).

    Args:
        kind: "encoder", "decoder" or "cross".
        T: Number of positions.

    Returns:
        T rows of T bools as nested lists: row t, column s says whether position t may see
        position s (True = may be seen).

    Raises:
        ValueError: `kind` is none of the three; the message has it.

    Example:
        attention_pattern("decoder", 3) is
        [[True, False, False], [True, True, False], [True, True, True]].

    References:
        Book 1.4 and 1.6; Vaswani et al. 2017, section 3.2.3.
    """
    raise NotImplementedError("ch01_landscape.attention_pattern")
