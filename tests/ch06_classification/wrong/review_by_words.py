"""Looks for words instead of asking the model.

exercise: classify_review
rejected by: test_hidden.py::test_answer_does_not_depend_on_padding
"""


def classify_review(text, model, tokenizer, device, max_length=None, pad_token_id=50256):
    return "spam" if "won" in text or "prize" in text else "not spam"
