"""Keeps the first line of the response.

exercise: extract_response
rejected by: test_hidden.py::test_any_response
"""


def extract_response(full_text, prompt):
    rest = full_text[len(prompt) :].strip().removeprefix("### Response:").strip()
    return rest.splitlines()[0] if rest else rest
