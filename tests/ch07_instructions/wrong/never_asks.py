"""Does not ask at all.

exercise: query_model
rejected by: test_visible.py::test_the_question_and_the_reply
"""

import json
import urllib.request


def query_model(prompt, model, url):
    return "85"
