"""Puts the options beside the model, where Ollama does not look for them.

exercise: query_model
rejected by: test_hidden.py::test_the_same_question_gets_the_same_reply
"""

import json
import urllib.request


def query_model(prompt, model, url):
    question = {
        "model": model,
        "messages": [{"role": "user", "content": prompt}],
        "temperature": 0,
        "seed": 123,
        "stream": False,
    }
    request = urllib.request.Request(url, json.dumps(question).encode())
    with urllib.request.urlopen(request) as reply:
        return json.load(reply)["message"]["content"]
