"""Takes an empty input out of the entry, which belongs to the caller.

exercise: format_input
rejected by: test_hidden.py::test_nothing_else_is_in_the_prompt
"""

BEGIN = (
    "Below is an instruction that describes a task. "
    "Write a response that appropriately completes the request."
)


def format_input(entry):
    text = f"{BEGIN}\n\n### Instruction:\n{entry['instruction']}"
    if not entry["input"]:
        entry.pop("input")
        return text
    return f"{text}\n\n### Input:\n{entry['input']}"
