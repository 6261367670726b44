"""Writes the line of the input also where there is none.

exercise: format_input_phi3
rejected by: test_visible.py::test_phi3_prompt_by_hand
"""


def format_input_phi3(entry):
    return f"<|user|>\n{entry['instruction']}\n{entry['input']}"
