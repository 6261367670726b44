"""Shows the judge the whole entry with an older response, which confuses it.

exercise: judge_prompt
rejected by: test_hidden.py::test_the_judge_knows_the_scale
"""


def judge_prompt(entry, response):
    text = "\n".join(f"{key}: {value}" for key, value in entry.items())
    return f"{text}\nResponse: {response}\nScore it from 0 to 100; reply with the integer only."
