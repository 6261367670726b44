"""Gives 0 for a reply without a score, so that nobody can count such replies.

exercise: parse_score
rejected by: test_visible.py::test_scores_by_hand
"""

import re


def parse_score(reply):
    found = re.search(r"-?[0-9]+", reply)
    return int(found[0]) if found and 0 <= int(found[0]) <= 100 else 0
