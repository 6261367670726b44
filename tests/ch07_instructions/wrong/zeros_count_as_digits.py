"""Takes more than three digits for more than 100, also if they begin with zeros.

exercise: parse_score
rejected by: test_hidden.py::test_an_integer_is_its_digits_and_a_minus
"""

import re


def parse_score(reply):
    found = re.search(r"-?[0-9]+", reply)
    if found is None or len(found[0]) > 3:
        return None
    return int(found[0]) if 0 <= int(found[0]) <= 100 else None
