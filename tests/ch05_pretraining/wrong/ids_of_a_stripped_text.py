"""Strips the text first, which loses the white space around it.

exercise: text_to_token_ids
rejected by: test_hidden.py::test_ids_are_those_of_the_tokenizer
"""


def text_to_token_ids(text, tokenizer):
    ids = tokenizer.encode(text.strip(), allowed_special={"<|endoftext|>"})
    return torch.tensor([ids], dtype=torch.int64)
