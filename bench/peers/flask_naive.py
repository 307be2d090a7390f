"""Ollama's /api/chat on Cerebras with Flask and requests, as one writes it first."""

from __future__ import annotations

import json
import os
from collections.abc import Iterator

import requests
from flask import Flask, Response, request
from ollama_lines import SENT_ON, ending, reply

app = Flask(__name__)
URL = os.environ["CEREBRAS_BASE_URL"] + "/chat/completions"
HEADERS = {"Authorization": f"Bearer {os.environ['CEREBRAS_API_KEY']}"}


def relay(model: str, answer: requests.Response) -> Iterator[str]:
    with answer:
        for line in answer.iter_lines():
            if not line.startswith(b"data: {"):
                continue
            chunk = json.loads(line[6:])
            choice = chunk["choices"][0]
            part = reply(model, choice["delta"].get("content", ""))
            if finish_reason := choice.get("finish_reason"):
                part |= ending(finish_reason, chunk)
            elif not part["message"]["content"]:
                continue
            yield json.dumps(part) + "\n"


@app.post("/api/chat")
def chat() -> Response | dict:
    body = request.get_json()
    stream = body.setdefault("stream", True)
    sent = {name: body[name] for name in SENT_ON if name in body}
    answer = requests.post(URL, json=sent, headers=HEADERS, stream=stream, timeout=120)
    if stream:
        return Response(relay(body["model"], answer), mimetype="application/x-ndjson")
    whole = answer.json()
    choice = whole["choices"][0]
    part = reply(body["model"], choice["message"]["content"])
    return part | ending(choice["finish_reason"], whole)
