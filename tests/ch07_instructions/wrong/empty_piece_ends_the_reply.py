"""Takes an empty piece in the middle of the stream for its end.

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
    }
    request = urllib.request.Request(url, json.dumps(question).encode())
    text = ""
    with urllib.request.urlopen(request) as reply:
        while piece := json.loads(reply.readline())["message"]["content"]:
            text += piece
    return text
