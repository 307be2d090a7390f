"""Ollama's /api/chat on Cerebras with FastAPI and httpx, line by line."""

from __future__ import annotations

import json
import os
from collections.abc import AsyncIterator
from datetime import UTC, datetime

import httpx
from fastapi import FastAPI
from fastapi.responses import StreamingResponse
from pydantic import BaseModel

app = FastAPI()
client = httpx.AsyncClient(
    base_url=os.environ["CEREBRAS_BASE_URL"],
    headers={"Authorization": f"Bearer {os.environ['CEREBRAS_API_KEY']}"},
    timeout=120,
    limits=httpx.Limits(max_connections=None, max_keepalive_connections=None),
)


class ChatRequest(BaseModel):
    model: str
    messages: list[dict]
    tools: list[dict] | None = None
    options: dict | None = None
    stream: bool = True

    def upstream(self) -> dict:
        fields = ("model", "messages", "tools", "stream")
        return self.model_dump(include=set(fields), exclude_none=True)


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


async def relay(body: ChatRequest) -> AsyncIterator[str]:
    request = client.stream("POST", "/chat/completions", json=body.upstream())
    async with request as response:
        async for line in response.aiter_lines():
            if not line.startswith("data: {"):
                continue
            chunk = json.loads(line[6:])
            choice = chunk["choices"][0]
            answer = reply(body.model, choice["delta"].get("content", ""))
            if finish_reason := choice.get("finish_reason"):
                answer |= ending(finish_reason, chunk["usage"], chunk["time_info"])
            elif not answer["message"]["content"]:
                continue
            yield json.dumps(answer) + "\n"


@app.post("/api/chat", response_model=None)
async def chat(body: ChatRequest) -> dict | StreamingResponse:
    if body.stream:
        return StreamingResponse(relay(body), media_type="application/x-ndjson")
    response = await client.post("/chat/completions", json=body.upstream())
    whole = response.json()
    choice = whole["choices"][0]
    end = ending(choice["finish_reason"], whole["usage"], whole["time_info"])
    return reply(body.model, choice["message"]["content"]) | end
