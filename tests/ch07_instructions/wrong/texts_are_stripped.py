"""Strips instruction and input, which may begin or end with white space that matters.

exercise: format_input
rejected by: test_hidden.py::test_any_text_stands_in_the_prompt_as_it_is
"""

BEGIN = (
    "Below is an instruction that describes a task. "
    "Write a response that appropriately completes the request."
)


def format_input(entry):
    text = f"{BEGIN}\n\n### Instruction:\n{entry['instruction'].strip()}"
    return f"{text}\n\n### Input:\n{entry['input'].strip()}" if entry["input"] else text
