"""Does not allow the special token, so that <|endoftext|> is cut up as ordinary text.

exercise: text_to_token_ids
rejected by: test_hidden.py::test_ids_are_those_of_the_tokenizer
"""


def text_to_token_ids(text, tokenizer):
    return torch.tensor([tokenizer.encode(text)], dtype=torch.int64)
