"""Strips the texts, where they were to appear as they are.

exercise: few_shot_prompt
rejected by: test_hidden.py::test_prompts_of_any_texts
"""


def few_shot_prompt(task, examples, query):
    shown = [f"{a.strip()} => {b.strip()}" for a, b in examples]
    return "\n".join([task.strip(), *shown, f"{query.strip()} =>"])
