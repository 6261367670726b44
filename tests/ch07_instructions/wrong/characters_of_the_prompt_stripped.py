"""Strips all characters that occur in the prompt.

exercise: extract_response
rejected by: test_visible.py::test_extract_by_hand
"""


def extract_response(full_text, prompt):
    return full_text.lstrip(prompt).strip().removeprefix("### Response:").strip()
