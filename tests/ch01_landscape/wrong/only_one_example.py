"""Shows the first example only: one-shot, however many there are.

exercise: few_shot_prompt
rejected by: test_visible.py::test_few_shot_prompt_by_hand
"""


def few_shot_prompt(task, examples, query):
    return "\n".join([task, *(f"{a} => {b}" for a, b in examples[:1]), f"{query} =>"])
