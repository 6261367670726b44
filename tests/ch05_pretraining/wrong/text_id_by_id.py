"""Decodes each id by itself, which breaks characters whose bytes are spread over several tokens.

exercise: token_ids_to_text
rejected by: test_hidden.py::test_ids_become_the_text_again
"""


def token_ids_to_text(token_ids, tokenizer):
    return "".join(tokenizer.decode([i]) for i in token_ids[0].tolist())
