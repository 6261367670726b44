"""Writes the arrow without the spaces around it.

exercise: few_shot_prompt
rejected by: test_visible.py::test_few_shot_prompt_by_hand
"""


def few_shot_prompt(task, examples, query):
    return "\n".join([task, *(f"{a}=>{b}" for a, b in examples), f"{query}=>"])
