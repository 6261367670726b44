"""Shows the judge the two answers and not the question.

exercise: judge_prompt
rejected by: test_visible.py::test_the_judge_is_told_everything
"""


def judge_prompt(entry, response):
    return f"{entry['input']}\nCorrect: {entry['output']}\nResponse: {response}\nScore it from 0 to 100; reply with the integer only."
