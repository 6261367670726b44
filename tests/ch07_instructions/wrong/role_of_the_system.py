"""Says that the prompt comes from the system.

exercise: query_model
rejected by: test_visible.py::test_the_question_and_the_reply
"""

import json
import urllib.request


def query_model(prompt, model, url):
    question = {
        "model": model,
        "messages": [{"role": "system", "content": prompt}],
        "options": {"temperature": 0, "seed": 123},
        "stream": False,
    }
    request = urllib.request.Request(url, json.dumps(question).encode())
    with urllib.request.urlopen(request) as reply:
        return json.load(reply)["message"]["content"]
