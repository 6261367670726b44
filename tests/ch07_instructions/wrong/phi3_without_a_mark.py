"""Leaves out the mark of the user.

exercise: format_input_phi3
rejected by: test_visible.py::test_phi3_prompt_by_hand
"""


def format_input_phi3(entry):
    return "\n".join(text for text in (entry["instruction"], entry["input"]) if text)
