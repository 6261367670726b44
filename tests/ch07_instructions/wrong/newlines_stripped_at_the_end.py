"""Strips newlines at the end of the prompt, which belong to its texts.

exercise: format_input
rejected by: test_hidden.py::test_any_text_stands_in_the_prompt_as_it_is
"""

BEGIN = (
    "Below is an instruction that describes a task. "
    "Write a response that appropriately completes the request."
)


def format_input(entry):
    text = f"{BEGIN}\n\n### Instruction:\n{entry['instruction']}"
    text += f"\n\n### Input:\n{entry['input']}" if entry["input"] else ""
    return text.rstrip("\n")
