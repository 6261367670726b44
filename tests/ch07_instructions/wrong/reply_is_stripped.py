"""Strips the reply, which is to come back as it came.

exercise: query_model
rejected by: test_hidden.py::test_any_prompt_and_any_reply
"""

import json
import urllib.request


def query_model(prompt, model, url):
    question = {
        "model": model,
        "messages": [{"role": "user", "content": prompt}],
        "options": {"temperature": 0, "seed": 123},
        "stream": False,
    }
    request = urllib.request.Request(url, json.dumps(question).encode())
    with urllib.request.urlopen(request) as reply:
        return json.load(reply)["message"]["content"].strip()
