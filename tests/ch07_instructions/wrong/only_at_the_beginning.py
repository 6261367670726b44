"""Looks for the integer only where the reply begins.

exercise: parse_score
rejected by: test_visible.py::test_scores_by_hand
"""

import re


def parse_score(reply):
    found = re.match(r"\s*(-?[0-9]+)", reply)
    return int(found[1]) if found and 0 <= int(found[1]) <= 100 else None
