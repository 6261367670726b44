"""Splits at white space and so overlooks an integer beside punctuation.

exercise: parse_score
rejected by: test_visible.py::test_scores_by_hand
"""

import re


def parse_score(reply):
    for word in reply.split():
        if word.lstrip("-").isdigit():
            return int(word) if 0 <= int(word) <= 100 else None
    return None
