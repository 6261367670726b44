"""Scores the response in the entry in place of the one that is given.

exercise: judge_prompt
rejected by: test_hidden.py::test_the_judge_knows_the_scale
"""


def judge_prompt(entry, response):
    response = entry.get("model_response", response)
    text = f"{format_input(entry)}\nCorrect: {entry['output']}\nResponse: {response}\n"
    return text + "Score it from 0 to 100; reply with the integer only."
