"""Reads at most three digits: 1000 becomes 100.

exercise: parse_score
rejected by: test_hidden.py::test_later_integers_do_not_count
"""

import re


def parse_score(reply):
    found = re.search(r"-?[0-9]{1,3}", reply)
    return int(found[0]) if found and 0 <= int(found[0]) <= 100 else None
