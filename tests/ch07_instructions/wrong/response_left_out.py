"""Leaves out the very response that is to be scored.

exercise: judge_prompt
rejected by: test_visible.py::test_the_judge_is_told_everything
"""


def judge_prompt(entry, response):
    return f"{format_input(entry)}\nCorrect: {entry['output']}\nScore it from 0 to 100; reply with the integer only."
