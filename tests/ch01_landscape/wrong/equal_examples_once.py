"""Collects the examples in a dict, which keeps only the last of those with the same input.

exercise: few_shot_prompt
rejected by: test_hidden.py::test_prompts_of_any_texts
"""


def few_shot_prompt(task, examples, query):
    return "\n".join([task, *(f"{a} => {b}" for a, b in dict(examples).items()), f"{query} =>"])
