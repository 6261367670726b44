"""Shows the model the output that it shall write.

exercise: format_input
rejected by: test_hidden.py::test_nothing_else_is_in_the_prompt
"""

BEGIN = (
    "Below is an instruction that describes a task. "
    "Write a response that appropriately completes the request."
)


def format_input(entry):
    text = f"{BEGIN}\n\n### Instruction:\n{entry['instruction']}"
    text += f"\n\n### Input:\n{entry['input']}" if entry["input"] else ""
    return f"{text}\n\n### Output:\n{entry['output']}"
