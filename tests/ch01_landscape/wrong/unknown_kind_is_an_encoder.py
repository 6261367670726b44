"""Takes a misspelt kind for an encoder, without a complaint.

exercise: attention_pattern
rejected by: test_hidden.py::test_other_kinds_are_refused
"""


def attention_pattern(kind, T):
    return [[kind != "decoder" or s <= t for s in range(T)] for t in range(T)]
