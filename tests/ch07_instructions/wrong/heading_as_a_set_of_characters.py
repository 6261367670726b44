"""Strips all characters that occur in the heading, and so the first letters of the response.

exercise: extract_response
rejected by: test_hidden.py::test_a_response_without_a_heading
"""


def extract_response(full_text, prompt):
    return full_text[len(prompt) :].strip().lstrip("### Response:").strip()
