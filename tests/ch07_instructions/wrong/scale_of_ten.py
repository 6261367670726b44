"""Asks for a score from 0 to 10.

exercise: judge_prompt
rejected by: test_hidden.py::test_the_judge_knows_the_scale
"""


def judge_prompt(entry, response):
    text = f"{format_input(entry)}\nCorrect: {entry['output']}\nResponse: {response}\n"
    return text + "Score it from 0 to 10; reply with the integer only."
