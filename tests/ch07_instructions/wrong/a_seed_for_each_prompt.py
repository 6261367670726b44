"""Makes the seed from the prompt: another prompt, another seed.

exercise: query_model
rejected by: test_hidden.py::test_the_same_question_gets_the_same_reply
"""

import json
import urllib.request


def query_model(prompt, model, url):
    question = {
        "model": model,
        "messages": [{"role": "user", "content": prompt}],
        "options": {"temperature": 0, "seed": sum(prompt.encode())},
        "stream": False,
    }
    request = urllib.request.Request(url, json.dumps(question).encode())
    with urllib.request.urlopen(request) as reply:
        return json.load(reply)["message"]["content"]
