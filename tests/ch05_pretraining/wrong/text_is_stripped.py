"""Strips the text, so that what comes back is not what was encoded.

exercise: token_ids_to_text
rejected by: test_hidden.py::test_ids_become_the_text_again
"""


def token_ids_to_text(token_ids, tokenizer):
    return tokenizer.decode(token_ids[0].tolist()).strip()
