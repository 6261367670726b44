"""Leaves the input out, so that the model must guess what it works on.

exercise: format_input
rejected by: test_visible.py::test_alpaca_prompt_by_hand
"""

BEGIN = (
    "Below is an instruction that describes a task. "
    "Write a response that appropriately completes the request."
)


def format_input(entry):
    return f"{BEGIN}\n\n### Instruction:\n{entry['instruction']}"
