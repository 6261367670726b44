"""Skips integers outside the scale until one fits.

exercise: parse_score
rejected by: test_hidden.py::test_later_integers_do_not_count
"""

import re


def parse_score(reply):
    return next((int(n) for n in re.findall(r"-?[0-9]+", reply) if 0 <= int(n) <= 100), None)
