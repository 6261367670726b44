"""Does not tell the judge the input.

exercise: judge_prompt
rejected by: test_visible.py::test_the_judge_is_told_everything
"""


def judge_prompt(entry, response):
    return f"{entry['instruction']}\nCorrect: {entry['output']}\nResponse: {response}\nScore it from 0 to 100; reply with the integer only."
