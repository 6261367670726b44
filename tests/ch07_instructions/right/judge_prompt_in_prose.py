"""Puts the parts in another order, in other words.

exercise: judge_prompt
"""


def judge_prompt(entry, response):
    given = f"\nIts input:\n{entry['input']}" if entry["input"] else ""
    return (
        f"You grade answers: 100 is perfect, 0 is useless.\nA pupil wrote:\n{response}\n"
        f"The task was:\n{entry['instruction']}{given}\n"
        f"A correct answer is:\n{entry['output']}\nAnswer with one integer and nothing else."
    )
