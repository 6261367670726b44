"""Lets the prompt end with the mark of the assistant, where the response begins.

exercise: format_input_phi3
rejected by: test_visible.py::test_phi3_prompt_by_hand
"""


def format_input_phi3(entry):
    text = f"<|user|>\n{entry['instruction']}"
    text += f"\n{entry['input']}" if entry["input"] else ""
    return text + "\n<|assistant|>\n"
