"""Formats pairs with the percent operator, on constant templates only.

exercise: few_shot_prompt
"""


def few_shot_prompt(task, examples, query):
    return "%s\n%s%s =>" % (task, "".join(map("%s => %s\n".__mod__, map(tuple, examples))), query)
