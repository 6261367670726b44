"""Looks for the integer with word boundaries.

exercise: parse_score
"""

import re


def parse_score(reply):
    numbers = [int(n) for n in re.findall(r"(?<!\w)[-]?\d+", reply)]
    return numbers[0] if numbers and numbers[0] in range(101) else None
