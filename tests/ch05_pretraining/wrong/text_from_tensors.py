"""Gives decode a list of tensors, where it takes Python ints.

exercise: token_ids_to_text
rejected by: test_hidden.py::test_ids_become_the_text_again
"""


def token_ids_to_text(token_ids, tokenizer):
    return tokenizer.decode(list(token_ids[0]))
