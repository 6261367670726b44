"""Takes a score of 0 for no score.

exercise: parse_score
rejected by: test_visible.py::test_scores_by_hand
"""

import re


def parse_score(reply):
    found = re.search(r"-?[0-9]+", reply)
    score = int(found[0]) if found else 0
    return score or None if score <= 100 and score >= 0 else None
