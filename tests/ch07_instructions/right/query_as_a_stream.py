"""Leaves the stream on and joins its lines.

exercise: query_model
"""

import json
import urllib.request


def query_model(prompt, model, url):
    data = {
        "model": model,
        "messages": [{"role": "user", "content": prompt}],
        "options": {"seed": 7, "temperature": 0.0, "num_ctx": 4096},
    }
    payload = json.dumps(data, ensure_ascii=False).encode("utf-8")
    request = urllib.request.Request(url, data=payload, method="POST")
    request.add_header("Content-Type", "application/json; charset=utf-8")
    text = ""
    with urllib.request.urlopen(request, timeout=600) as response:
        while True:
            line = response.readline().decode("utf-8")
            if not line:
                break
            text += json.loads(line)["message"]["content"]
    return text
