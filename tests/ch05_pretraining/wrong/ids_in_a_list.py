"""Gives nested lists, and no tensor.

exercise: text_to_token_ids
rejected by: test_visible.py::test_a_text_becomes_one_row_of_ids
"""


def text_to_token_ids(text, tokenizer):
    return [tokenizer.encode(text, allowed_special={"<|endoftext|>"})]
