"""Gives the text of an error for the reply.

exercise: query_model
rejected by: test_hidden.py::test_an_error_is_not_a_reply
"""

import urllib.error
import json
import urllib.request


def query_model(prompt, model, url):
    question = {"model": model, "messages": [{"role": "user", "content": prompt}], "stream": False}
    question["options"] = {"temperature": 0, "seed": 123}
    try:
        with urllib.request.urlopen(url, json.dumps(question).encode()) as reply:
            return json.load(reply)["message"]["content"]
    except urllib.error.HTTPError as error:
        return json.load(error)["error"]
