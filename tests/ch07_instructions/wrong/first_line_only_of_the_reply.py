"""Looks only at the first line.

exercise: parse_score
rejected by: test_hidden.py::test_the_first_integer_of_any_reply
"""

import re


def parse_score(reply):
    found = re.search(r"-?[0-9]+", reply.partition("\n")[0])
    return int(found[0]) if found and 0 <= int(found[0]) <= 100 else None
