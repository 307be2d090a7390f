"""Ollama's /api/chat on Cerebras with Flask and requests, as one writes it first."""

from __future__ import annotations

import json
import os
from collections.abc import Iterator
from datetime import UTC, datetime

import requests
from flask import Flask, Response, request

app = Flask(__name__)
URL = os.environ["CEREBRAS_BASE_URL"] + "/chat/completions"
HEADERS = {"Authorization": f"Bearer {os.environ['CEREBRAS_API_KEY']}"}
SENT_ON = ("model", "messages", "tools", "stream")


def now() -> str:
    return datetime.now(UTC).isoformat().replace("+00:00", "Z")


def reply(model: str, text: str) -> dict:
    message = {"role": "assistant", "content": text}
    return {"model": model, "created_at": now(), "message": message, "done": False}


def ending(finish_reason: str, usage: dict, time_info: dict) -> dict:
    return {
        "done": True,
        "done_reason": finish_reason,
        "total_duration": int(time_info["total_time"] * 1e9),
        "prompt_eval_count": usage["prompt_tokens"],
        "prompt_eval_duration": int(time_info["prompt_time"] * 1e9),
        "eval_count": usage["completion_tokens"],
        "eval_duration": int(time_info["completion_time"] * 1e9),
    }


def relay(model: str, answer: requests.Response) -> Iterator[str]:
    with answer:
        for line in answer.iter_lines():
            if not line.startswith(b"data: {"):
                continue
            chunk = json.loads(line[6:])
            choice = chunk["choices"][0]
            part = reply(model, choice["delta"].get("content", ""))
            if finish_reason := choice.get("finish_reason"):
                part |= ending(finish_reason, chunk["usage"], chunk["time_info"])
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
    end = ending(choice["finish_reason"], whole["usage"], whole["time_info"])
    return reply(body["model"], choice["message"]["content"]) | end
