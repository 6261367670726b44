"""Takes whatever isdigit() accepts for a digit, and fails at a superscript.

exercise: parse_score
rejected by: test_hidden.py::test_an_integer_is_its_digits_and_a_minus
"""

import itertools


def parse_score(reply):
    rest = list(itertools.dropwhile(lambda letter: not letter.isdigit(), reply))
    digits = "".join(itertools.takewhile(str.isdigit, rest))
    if not digits or reply.removesuffix("".join(rest)).endswith("-"):
        return None
    score = int(digits[:5000].lstrip("0")[:4] or "0")
    return score if score <= 100 else None
