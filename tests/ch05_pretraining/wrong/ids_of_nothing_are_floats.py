"""Lets torch guess the dtype, which is float32 for the empty list of an empty text.

exercise: text_to_token_ids
rejected by: test_hidden.py::test_an_empty_text_has_no_ids
"""


def text_to_token_ids(text, tokenizer):
    return torch.tensor(tokenizer.encode(text, allowed_special={"<|endoftext|>"})).unsqueeze(0)
