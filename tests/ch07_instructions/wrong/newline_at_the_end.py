"""Ends the prompt with a newline.

exercise: format_input
rejected by: test_visible.py::test_alpaca_prompt_by_hand
"""

BEGIN = (
    "Below is an instruction that describes a task. "
    "Write a response that appropriately completes the request."
)


def format_input(entry):
    text = f"{BEGIN}\n\n### Instruction:\n{entry['instruction']}\n"
    return f"{text}\n### Input:\n{entry['input']}\n" if entry["input"] else text
