"""Takes the heading out with replace, all over the response, as the book does.

exercise: extract_response
"""


def extract_response(full_text, prompt):
    return full_text[len(prompt) :].replace("### Response:", "").strip()
