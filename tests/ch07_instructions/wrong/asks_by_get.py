"""Sends a GET with the question in the address.

exercise: query_model
rejected by: test_visible.py::test_the_question_and_the_reply
"""

import json
import urllib.request


def query_model(prompt, model, url):
    with urllib.request.urlopen(f"{url}?model={model}") as reply:
        return json.load(reply)["message"]["content"]
