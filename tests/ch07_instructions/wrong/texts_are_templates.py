"""Formats texts a second time, so that braces in them break the prompt.

exercise: judge_prompt
rejected by: test_hidden.py::test_the_judge_sees_any_text
"""


def judge_prompt(entry, response):
    text = f"{format_input(entry)}\nCorrect: {entry['output']}\nResponse: {{response}}\n"
    return (
        text.replace("{}", "").replace("{response}", response)
        + "Score it from 0 to 100; reply with the integer only."
    )
