"""Takes -1 for a score.

exercise: parse_score
rejected by: test_hidden.py::test_an_integer_is_its_digits_and_a_minus
"""

import re


def parse_score(reply):
    found = re.search(r"-?[0-9]+", reply)
    score = float(found[0]) if found else -2
    return int(score) if -1 <= score <= 100 else None
