"""Shows texts as Python writes them, with escapes for newlines and quotes.

exercise: judge_prompt
rejected by: test_hidden.py::test_the_judge_sees_any_text
"""


def judge_prompt(entry, response):
    text = f"{format_input(entry)}\nCorrect: {entry['output']!r}\nResponse: {response!r}\n"
    return text + "Score it from 0 to 100; reply with the integer only."
