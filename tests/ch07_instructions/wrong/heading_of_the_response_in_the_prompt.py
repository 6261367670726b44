"""Lets the prompt end with the heading of the response, which is not part of it.

exercise: format_input
rejected by: test_visible.py::test_alpaca_prompt_by_hand
"""

BEGIN = (
    "Below is an instruction that describes a task. "
    "Write a response that appropriately completes the request."
)


def format_input(entry):
    text = f"{BEGIN}\n\n### Instruction:\n{entry['instruction']}"
    text += f"\n\n### Input:\n{entry['input']}" if entry["input"] else ""
    return f"{text}\n\n### Response:\n"
