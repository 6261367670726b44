"""Writes the heading of the input also where there is none.

exercise: format_input
rejected by: test_visible.py::test_alpaca_prompt_by_hand
"""

BEGIN = (
    "Below is an instruction that describes a task. "
    "Write a response that appropriately completes the request."
)


def format_input(entry):
    return f"{BEGIN}\n\n### Instruction:\n{entry['instruction']}\n\n### Input:\n{entry['input']}"
