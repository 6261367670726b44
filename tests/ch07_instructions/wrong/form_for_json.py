"""Sends the question as a form.

exercise: query_model
rejected by: test_visible.py::test_the_question_and_the_reply
"""

import urllib.parse
import json
import urllib.request


def query_model(prompt, model, url):
    question = {
        "model": model,
        "messages": [{"role": "user", "content": prompt}],
        "options": {"temperature": 0, "seed": 123},
        "stream": False,
    }
    request = urllib.request.Request(url, urllib.parse.urlencode(question).encode())
    with urllib.request.urlopen(request) as reply:
        return json.load(reply)["message"]["content"]
