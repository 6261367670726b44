"""Finds the response with one pattern.

exercise: extract_response
"""

import re


def extract_response(full_text, prompt):
    pattern = re.escape(prompt) + r"\s*(?:### Response:)?\s*(.*?)\s*\Z"
    return re.match(pattern, full_text, re.DOTALL)[1]
