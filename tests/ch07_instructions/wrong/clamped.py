"""Clamps what is outside the scale to its ends: nonsense scores 100.

exercise: parse_score
rejected by: test_visible.py::test_scores_by_hand
"""

import re


def parse_score(reply):
    found = re.search(r"-?[0-9]+", reply)
    return max(0, min(100, int(found[0]))) if found else None
