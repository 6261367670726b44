"""Puts spaces around each integer, and looks for it word by word.

exercise: parse_score
"""

import re


def parse_score(reply):
    for word in re.sub(r"(-?[0-9]+)", r" \1 ", reply).split():
        if re.fullmatch(r"-?[0-9]+", word):
            if re.fullmatch(r"-0*[1-9].*", word) or len(word.lstrip("-0")) > 3:
                return None
            return int(word) if int(word) <= 100 else None
    return None
