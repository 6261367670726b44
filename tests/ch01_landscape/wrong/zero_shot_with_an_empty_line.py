"""Joins the examples first, so that without any an empty line stands in their place.

exercise: few_shot_prompt
rejected by: test_visible.py::test_zero_shot_prompt_has_two_lines
"""


def few_shot_prompt(task, examples, query):
    shown = "\n".join(f"{a} => {b}" for a, b in examples)
    return f"{task}\n{shown}\n{query} =>"
