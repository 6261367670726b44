"""Ends every line with a newline, the last one too.

exercise: few_shot_prompt
rejected by: test_visible.py::test_zero_shot_prompt_has_two_lines
"""


def few_shot_prompt(task, examples, query):
    lines = [task, *(f"{a} => {b}" for a, b in examples), f"{query} =>"]
    return "".join(line + "\n" for line in lines)
