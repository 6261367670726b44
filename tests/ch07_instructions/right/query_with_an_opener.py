"""Builds an opener without proxies, reads everything at once, and renames the error.

exercise: query_model
"""

import json
import urllib.error
import urllib.request


def query_model(prompt, model, url):
    opener = urllib.request.build_opener(urllib.request.ProxyHandler({}))
    body = {"stream": False, "model": model, "options": {"temperature": 0, "seed": 0}}
    body["messages"] = [dict(role="user", content=prompt)]
    try:
        with opener.open(url, bytes(json.dumps(body), "utf-8"), 30) as reply:
            return json.loads(reply.read())["message"]["content"]
    except urllib.error.HTTPError as error:
        raise ValueError(f"{model} at {url}: {error}") from error
