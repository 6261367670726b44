"""Splits what follows the prompt at the heading, if that is all before it.

exercise: extract_response
"""


def extract_response(full_text, prompt):
    before, _, after = full_text[len(prompt) :].partition("### Response:")
    return after.strip() if not before.strip() else (full_text[len(prompt) :]).strip()
