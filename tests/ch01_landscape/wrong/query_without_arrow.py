"""Ends with the bare query, without the arrow that asks for an answer.

exercise: few_shot_prompt
rejected by: test_visible.py::test_zero_shot_prompt_has_two_lines
"""


def few_shot_prompt(task, examples, query):
    return "\n".join([task, *(f"{a} => {b}" for a, b in examples), query])
