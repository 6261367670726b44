"""Speaks HTTP through http.client, with a stream that it asked for.

exercise: query_model
"""

import http.client
import json
from urllib.parse import urlsplit


def query_model(prompt, model, url):
    parts = urlsplit(url)
    connection = http.client.HTTPConnection(parts.hostname, parts.port or 80, timeout=60)
    try:
        question = {
            "model": model,
            "stream": True,
            "messages": [{"role": "user", "content": prompt}],
            "options": {"seed": 1, "temperature": 0},
        }
        connection.request("POST", parts.path, json.dumps(question), {"Accept": "*/*"})
        reply = connection.getresponse()
        text = reply.read().decode()
        if reply.status != 200:
            raise ConnectionError(f"{url} answered {reply.status} {reply.reason}: {text}")
        lines = [json.loads(line) for line in text.split("\n") if line.strip()]
        return "".join(line.get("message", {}).get("content", "") for line in lines)
    finally:
        connection.close()
