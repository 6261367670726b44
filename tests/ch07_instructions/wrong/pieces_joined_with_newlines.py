"""Joins the pieces with newlines.

exercise: query_model
rejected by: test_visible.py::test_the_question_and_the_reply
"""

import json
import urllib.request


def query_model(prompt, model, url):
    question = {
        "model": model,
        "messages": [{"role": "user", "content": prompt}],
        "options": {"temperature": 0, "seed": 123},
    }
    request = urllib.request.Request(url, json.dumps(question).encode())
    with urllib.request.urlopen(request) as reply:
        return "\n".join(json.loads(line)["message"]["content"] for line in reply)
