"""Allows all special tokens, and makes the row with a view of a LongTensor.

exercise: text_to_token_ids, token_ids_to_text
"""


def text_to_token_ids(text, tokenizer):
    return torch.LongTensor(tokenizer.encode(text, allowed_special="all")).view(1, -1)


def token_ids_to_text(token_ids, tokenizer):
    return tokenizer.decode([int(i) for i in token_ids.flatten()])
