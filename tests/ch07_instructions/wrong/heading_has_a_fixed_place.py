"""Cuts off as many characters as the heading should take, whatever stands there.

exercise: extract_response
rejected by: test_hidden.py::test_a_response_without_a_heading
"""


def extract_response(full_text, prompt):
    return full_text[len(prompt) + len("\n\n### Response:\n") :].strip()
