"""Leaves white space around the response.

exercise: extract_response
rejected by: test_visible.py::test_extract_by_hand
"""


def extract_response(full_text, prompt):
    return full_text[len(prompt) :].lstrip().removeprefix("### Response:")
