"""Adds strings up, each example with the newline before it.

exercise: few_shot_prompt
"""


def few_shot_prompt(task, examples, query):
    prompt = task
    for example in [*examples, (query, None)]:
        prompt += "\n" + example[0] + " =>"
        if example[1] is not None:
            prompt += " " + example[1]
    return prompt
