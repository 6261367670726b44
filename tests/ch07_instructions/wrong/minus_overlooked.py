"""Overlooks the minus sign: -5 becomes 5.

exercise: parse_score
rejected by: test_visible.py::test_scores_by_hand
"""

import re


def parse_score(reply):
    found = re.search(r"[0-9]+", reply)
    return int(found[0]) if found and int(found[0]) <= 100 else None
