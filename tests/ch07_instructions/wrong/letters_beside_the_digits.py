"""Overlooks an integer that touches a letter.

exercise: parse_score
rejected by: test_hidden.py::test_an_integer_is_its_digits_and_a_minus
"""

import re


def parse_score(reply):
    found = re.search(r"-?\b[0-9]+\b", reply)
    score = float(found[0]) if found else -1
    return int(score) if 0 <= score <= 100 else None
