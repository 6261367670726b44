"""Makes int32 ids, where ids are int64 throughout.

exercise: text_to_token_ids
rejected by: test_visible.py::test_a_text_becomes_one_row_of_ids
"""


def text_to_token_ids(text, tokenizer):
    ids = tokenizer.encode(text, allowed_special={"<|endoftext|>"})
    return torch.tensor([ids], dtype=torch.int32)
