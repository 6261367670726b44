"""Uses the entry's own text as a template, so that braces in it are filled in or break it.

exercise: format_input
rejected by: test_hidden.py::test_any_text_stands_in_the_prompt_as_it_is
"""

BEGIN = (
    "Below is an instruction that describes a task. "
    "Write a response that appropriately completes the request."
)


def format_input(entry):
    text = BEGIN + "\n\n### Instruction:\n" + entry["instruction"]
    text += "\n\n### Input:\n{input}" if entry["input"] else ""
    return text.replace("{input}", entry["input"])
