"""Takes for white space what str.isspace does: the separators U+001C to U+001F, too.

exercise: pre_tokenize
rejected by: test_hidden.py::test_white_space
"""

import regex


def pre_tokenize(text):
    return regex.findall(
        r"""'s|'t|'re|'ve|'m|'ll|'d| ?\p{L}+| ?\p{N}+| ?[^\s\x1c-\x1f\p{L}\p{N}]+|[\s\x1c-\x1f]+(?![^\s\x1c-\x1f])|[\s\x1c-\x1f]+""",
        text,
    )
