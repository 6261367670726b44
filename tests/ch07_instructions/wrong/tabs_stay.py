"""Strips newlines and spaces behind the heading, but no tabs.

exercise: extract_response
rejected by: test_hidden.py::test_any_response
"""


def extract_response(full_text, prompt):
    return full_text[len(prompt) :].strip().removeprefix("### Response:").strip("\n ")
