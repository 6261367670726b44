"""Uses the task as a template, so that braces in it are filled in or raise an error.

exercise: few_shot_prompt
rejected by: test_hidden.py::test_prompts_of_any_texts
"""


def few_shot_prompt(task, examples, query):
    shown = "".join(f"{a} => {b}\n" for a, b in examples)
    return (task + "\n{shown}{query} =>").format(shown=shown, query=query)
