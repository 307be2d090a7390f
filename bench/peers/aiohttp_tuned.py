"""Ollama's /api/chat on Cerebras with aiohttp, tuned.

It uses uvloop, msgspec for JSON, a template for the lines of a read, and one write per
read.
"""

import os
import sys
from collections.abc import AsyncIterator

import msgspec
import uvloop
from aiohttp import ClientResponse, ClientSession, ClientTimeout, TCPConnector, web
from ollama_lines import RELAYED_KEYS, ending, reply

URL = os.environ["CEREBRAS_BASE_URL"] + "/chat/completions"
HEADERS = {
    "Authorization": f"Bearer {os.environ['CEREBRAS_API_KEY']}",
    "Content-Type": "application/json",
}
SESSION = web.AppKey("session", ClientSession)


class Delta(msgspec.Struct):
    content: str = ""


class Choice(msgspec.Struct):
    delta: Delta
    finish_reason: str | None = None


class Chunk(msgspec.Struct):
    choices: list[Choice]


decode = msgspec.json.Decoder(Chunk).decode
encode = msgspec.json.encode


def translate(model: str, events: list[bytes]) -> bytes:
    """Return the lines for the events of one read, all with the same timestamp."""
    before, after = encode(reply(model, "\0")).split(b'"\\u0000"')
    lines = []
    for event in events:
        if not event.startswith(b"data: {"):
            continue
        choice = decode(event[6:]).choices[0]
        if choice.finish_reason:
            end = ending(choice.finish_reason, msgspec.json.decode(event[6:]))
            lines.append(encode(reply(model, choice.delta.content) | end) + b"\n")
        elif choice.delta.content:
            lines.append(before + encode(choice.delta.content) + after + b"\n")
    return b"".join(lines)


async def relay(
    request: web.Request, model: str, upstream: ClientResponse
) -> web.StreamResponse:
    response = web.StreamResponse(headers={"Content-Type": "application/x-ndjson"})
    await response.prepare(request)
    rest = b""
    while data := await upstream.content.readany():
        *events, rest = (rest + data).split(b"\n\n")
        if lines := translate(model, events):
            await response.write(lines)
    await response.write_eof()
    return response


async def chat(request: web.Request) -> web.StreamResponse:
    body = msgspec.json.decode(await request.read())
    stream = body.setdefault("stream", True)
    data = encode({name: body[name] for name in RELAYED_KEYS if name in body})
    posting = request.app[SESSION].post(URL, data=data, headers=HEADERS)
    async with posting as upstream:
        if stream:
            return await relay(request, body["model"], upstream)
        whole = msgspec.json.decode(await upstream.read())
    choice = whole["choices"][0]
    line = reply(body["model"], choice["message"]["content"])
    line |= ending(choice["finish_reason"], whole)
    return web.json_response(body=encode(line))


async def session(app: web.Application) -> AsyncIterator[None]:
    connector = TCPConnector(limit=0, keepalive_timeout=75)
    timeout = ClientTimeout(total=None, sock_read=120)
    async with ClientSession(connector=connector, timeout=timeout) as app[SESSION]:
        yield


if __name__ == "__main__":
    app = web.Application(client_max_size=64 << 20)
    app.cleanup_ctx.append(session)
    app.router.add_post("/api/chat", chat)
    uvloop.install()
    web.run_app(
        app, host="127.0.0.1", port=int(sys.argv[1]), backlog=2048, access_log=None
    )
