"""Ollama's /api/chat on Cerebras with Flask and requests, as a first version."""

import json
import os
from collections.abc import Iterator

import requests
from flask import Flask, Response, request
from ollama_lines import RELAYED_KEYS, ending, reply

app = Flask(__name__)
URL = os.environ["CEREBRAS_BASE_URL"] + "/chat/completions"
HEADERS = {"Authorization": f"Bearer {os.environ['CEREBRAS_API_KEY']}"}


def relay(model: str, upstream: requests.Response) -> Iterator[str]:
    with upstream:
        for event in upstream.iter_lines():
            if not event.startswith(b"data: {"):
                continue
            chunk = json.loads(event[6:])
            choice = chunk["choices"][0]
            line = reply(model, choice["delta"].get("content", ""))
            if finish_reason := choice.get("finish_reason"):
                line |= ending(finish_reason, chunk)
            elif not line["message"]["content"]:
                continue
            yield json.dumps(line) + "\n"


@app.post("/api/chat")
def chat() -> Response | dict:
    body = request.get_json()
    stream = body.setdefault("stream", True)
    data = {name: body[name] for name in RELAYED_KEYS if name in body}
    upstream = requests.post(
        URL, json=data, headers=HEADERS, stream=stream, timeout=120
    )
    if stream:
        return Response(relay(body["model"], upstream), mimetype="application/x-ndjson")
    whole = upstream.json()
    choice = whole["choices"][0]
    line = reply(body["model"], choice["message"]["content"])
    return line | ending(choice["finish_reason"], whole)
