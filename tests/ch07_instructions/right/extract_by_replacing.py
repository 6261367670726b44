"""Cuts by length and takes the heading out with replace, as the book does.

exercise: extract_response
"""


def extract_response(full_text, prompt):
    return full_text[len(prompt) :].replace("### Response:", "", 1).strip()
