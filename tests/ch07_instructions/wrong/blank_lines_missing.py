"""Separates the parts by one newline, without a blank line.

exercise: format_input
rejected by: test_visible.py::test_alpaca_prompt_by_hand
"""

BEGIN = (
    "Below is an instruction that describes a task. "
    "Write a response that appropriately completes the request."
)


def format_input(entry):
    text = f"{BEGIN}\n### Instruction:\n{entry['instruction']}"
    return f"{text}\n### Input:\n{entry['input']}" if entry["input"] else text
