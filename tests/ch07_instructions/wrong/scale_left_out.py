"""Does not say on which scale to score.

exercise: judge_prompt
rejected by: test_hidden.py::test_the_judge_knows_the_scale
"""


def judge_prompt(entry, response):
    text = f"{format_input(entry)}\nCorrect: {entry['output']}\nResponse: {response}\n"
    return text + "How good is it? Reply with the integer only."
