"""Walks through the reply character by character.

exercise: parse_score
"""


def parse_score(reply):
    for i, character in enumerate(reply):
        if character in "0123456789":
            end = i
            while end < len(reply) and reply[end] in "0123456789":
                end += 1
            if i > 0 and reply[i - 1] == "-":
                return None if int(reply[i:end]) else 0
            return int(reply[i:end]) if int(reply[i:end]) <= 100 else None
    return None
