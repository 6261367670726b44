"""Does not ask the model.

exercise: classify_review
rejected by: test_visible.py::test_reviews_whatever_the_padding
"""


def classify_review(text, model, tokenizer, device, max_length=None, pad_token_id=50256):
    return "spam"
