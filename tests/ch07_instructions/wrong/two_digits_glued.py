"""Glues all digits of the reply together.

exercise: parse_score
rejected by: test_visible.py::test_scores_by_hand
"""

import re


def parse_score(reply):
    digits = re.sub(r"[^0-9-]", "", reply)
    return int(digits) if digits.isdigit() and int(digits) <= 100 else None
