"""Takes the contractions out of the alternatives, and names properties in full.

exercise: pre_tokenize
"""

import regex

_CUT = regex.compile(
    r"""
    '(?: [stmd] | re | ve | ll )
    | [ ]? \p{Letter}+
    | [ ]? \p{Number}+
    | [ ]? [^\p{White_Space}\p{Letter}\p{Number}]+
    | \p{White_Space}+ (?! \P{White_Space} )
    | \p{White_Space}+
    """,
    regex.VERBOSE | regex.UNICODE,
)


def pre_tokenize(text):
    return _CUT.findall(text)
