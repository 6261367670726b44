"""Strips the prompt, and so the white space of the last text.

exercise: format_input_phi3
rejected by: test_hidden.py::test_any_text_stands_in_the_prompt_of_phi3
"""


def format_input_phi3(entry):
    return f"<|user|>\n{entry['instruction']}\n{entry['input']}".strip()
