"""Ollama's /api/chat on Cerebras with FastAPI and httpx, line by line."""

import json
import os
from collections.abc import AsyncIterator

import httpx
from fastapi import FastAPI
from fastapi.responses import StreamingResponse
from ollama_lines import RELAYED_KEYS, ending, reply
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
        return self.model_dump(include=set(RELAYED_KEYS), exclude_none=True)


async def relay(body: ChatRequest) -> AsyncIterator[str]:
    request = client.stream("POST", "/chat/completions", json=body.upstream())
    async with request as response:
        async for event in response.aiter_lines():
            if not event.startswith("data: {"):
                continue
            chunk = json.loads(event[6:])
            choice = chunk["choices"][0]
            line = reply(body.model, choice["delta"].get("content", ""))
            if finish_reason := choice.get("finish_reason"):
                line |= ending(finish_reason, chunk)
            elif not line["message"]["content"]:
                continue
            yield json.dumps(line) + "\n"


@app.post("/api/chat", response_model=None)
async def chat(body: ChatRequest) -> dict | StreamingResponse:
    if body.stream:
        return StreamingResponse(relay(body), media_type="application/x-ndjson")
    response = await client.post("/chat/completions", json=body.upstream())
    whole = response.json()
    choice = whole["choices"][0]
    line = reply(body.model, choice["message"]["content"])
    return line | ending(choice["finish_reason"], whole)
