"""Appends the query to the caller's list of examples.

exercise: few_shot_prompt
rejected by: test_hidden.py::test_the_examples_stay_as_they_were
"""


def few_shot_prompt(task, examples, query):
    examples.append((query, ""))
    return "\n".join(
        [task, *(f"{a} => {b}".rstrip(" ") if b == "" else f"{a} => {b}" for a, b in examples)]
    )
