"""Splits at the heading, and fails where the model wrote none.

exercise: extract_response
rejected by: test_hidden.py::test_a_response_without_a_heading
"""


def extract_response(full_text, prompt):
    return full_text[len(prompt) :].split("### Response:", 1)[1].strip()
