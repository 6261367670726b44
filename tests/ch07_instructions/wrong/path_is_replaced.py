"""Keeps the host of the address, and replaces its path.

exercise: query_model
rejected by: test_hidden.py::test_the_address_is_the_one_given
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
    request = urllib.request.Request(
        urllib.parse.urljoin(url, "/api/chat"), json.dumps(question).encode()
    )
    with urllib.request.urlopen(request) as reply:
        return json.load(reply)["message"]["content"]
