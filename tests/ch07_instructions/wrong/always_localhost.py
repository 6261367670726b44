"""Asks Ollama's own address whatever the address is.

exercise: query_model
rejected by: test_hidden.py::test_the_address_is_the_one_given
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
    request = urllib.request.Request(
        "http://localhost:11434/api/chat", json.dumps(question).encode()
    )
    with urllib.request.urlopen(request) as reply:
        return json.load(reply)["message"]["content"]
