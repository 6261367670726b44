"""Takes a dash that stands apart from the digits for their minus sign.

exercise: parse_score
rejected by: test_hidden.py::test_an_integer_is_its_digits_and_a_minus
"""

import re


def parse_score(reply):
    found = re.search(r"-?\s*[0-9]+", reply)
    score = float("".join(found[0].split())) if found else -1
    return int(score) if 0 <= score <= 100 else None
