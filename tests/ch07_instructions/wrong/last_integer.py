"""Takes the last integer, which is the end of the scale in 85/100.

exercise: parse_score
rejected by: test_visible.py::test_scores_by_hand
"""

import re


def parse_score(reply):
    found = re.findall(r"-?[0-9]+", reply)
    return int(found[-1]) if found and 0 <= int(found[-1]) <= 100 else None
