"""Does not tell the judge what the correct output is.

exercise: judge_prompt
rejected by: test_visible.py::test_the_judge_is_told_everything
"""


def judge_prompt(entry, response):
    return f"Prompt: {format_input(entry)}\nResponse: {response}\nScore it from 0 to 100; reply with the integer only."
