"""Accepts only a reply that is a bare integer.

exercise: parse_score
rejected by: test_visible.py::test_scores_by_hand
"""

import re


def parse_score(reply):
    try:
        score = int(reply)
    except ValueError:
        return None
    return score if 0 <= score <= 100 else None
