"""Uses Alpaca's headings.

exercise: format_input_phi3
rejected by: test_visible.py::test_phi3_prompt_by_hand
"""


def format_input_phi3(entry):
    return format_input(entry)
