"""The API: who may call, what each path answers, and how refusals look."""

from __future__ import annotations

import json
import re
import secrets
import time
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from fake_cerebras import models, payload, rates
from fake_cerebras.connection import Connection
from fake_cerebras.departure import ClientLeft, Departure
from fake_cerebras.errors import Refused, invalid, named
from fake_cerebras.incidents import Cut
from fake_cerebras.inference import Inference
from fake_cerebras.records import Record
from fake_cerebras.state import State

COUNTED = (200, 429)  # answers that carry rate headers


@dataclass(frozen=True)
class Request:
    connection: Connection
    state: State
    record: Record
    data: bytes  # unpacked

    def header(self, name: str) -> str:
        return self.record.headers.get(name, "")

    @property
    def key(self) -> str:
        return self.header("authorization").removeprefix("Bearer ")


@dataclass(frozen=True)
class Route:
    method: str
    path: re.Pattern[str]
    view: Callable[..., None]  # takes the request and what the path's groups matched
    needs_key: bool = True


def serve(connection: Connection, state: State) -> None:
    """Record the request and answer it, to the end or to whatever ends it early."""
    headers = {name.lower(): value for name, value in connection.headers.items()}
    data = payload.unpack(connection.read_body(), headers)
    record = state.records.receive(
        connection.number,
        connection.command,
        connection.path,
        headers=headers,
        body=payload.legible(data),
    )
    try:
        answer(Request(connection, state, record, data))
        state.records.finish(record, connection.status)
    except Cut as cut:
        connection.drop(reset=cut.reset)
    except (ClientLeft, ConnectionError):
        state.records.leave(record)
        connection.drop(reset=False)


def answer(request: Request) -> None:
    try:
        request.connection.standing = standing(200)
        route, found = find_route(request)
        if route.needs_key:
            check_key(request)
        route.view(request, *found)
    except Refused as refused:
        request.connection.standing = standing(refused.status)
        request.connection.send(refused.status, refused.body, refused.headers)


def standing(status: int) -> dict[str, str]:
    """The headers that answers of this status always have."""
    edge = {
        "server": "cloudflare",
        "cf-cache-status": "DYNAMIC",
        "cf-ray": f"{secrets.token_hex(8)}-FRA",
        "x-content-type-options": "nosniff",
    }
    return edge | (rates.headers(time.time()) if status in COUNTED else {})


def find_route(request: Request) -> tuple[Route, tuple[str, ...]]:
    agent = request.header("user-agent")
    if not agent or agent.startswith("Python-urllib"):
        raise named("browser_banned")
    path = request.record.path.partition("?")[0]
    there = [each for each in ROUTES if each.path.fullmatch(path)]
    if not there:
        raise Refused(404, "")
    for route in there:
        match = route.path.fullmatch(path)
        if match and route.method == request.record.method:
            return route, match.groups()
    raise Refused(405, {"detail": "Method Not Allowed"})  # a guess


def check_key(request: Request) -> None:
    if not request.header("authorization"):
        raise named("not_authenticated")
    if request.key not in request.state.keys:
        raise named("wrong_api_key")


def list_models(request: Request) -> None:
    listed = [models.short(model) for model in models.SERVED.values()]
    request.connection.send(200, {"object": "list", "data": listed}, {})


def show_model(request: Request, name: str) -> None:
    request.connection.send(200, models.short(models.find(name)), {})


def list_public_models(request: Request) -> None:
    listed = [models.public(model) for model in models.SERVED.values()]
    request.connection.send(200, {"object": "list", "data": listed}, {})


def show_public_model(request: Request, name: str) -> None:
    request.connection.send(200, models.public(models.find(name)), {})


def warm(request: Request) -> None:
    request.connection.send(200, {}, {})


def chat(request: Request) -> None:
    infer(request, raw=False)


def complete(request: Request) -> None:
    infer(request, raw=True)


def infer(request: Request, *, raw: bool) -> None:
    body = read_object(request.data)
    records, record = request.state.records, request.record
    connection = request.connection
    departure = Departure(connection.connection, lambda: records.leave(record))

    def admit(model: str, prompt_tokens: int) -> None:
        now = request.state.clock()
        account = request.state.accounts.find(request.key, model, now)
        if account is not None:
            account.admit(prompt_tokens, body, now)
            connection.standing = standing(200) | account.headers(now)

    try:
        Inference(
            body,
            raw,
            request.state.steering,
            departure,
            connection,
            request.state.tokens_per_second,
            admit,
        ).run()
    finally:
        departure.stop()


def read_object(data: bytes) -> dict[str, Any]:
    try:
        body = json.loads(data)
    except ValueError as error:
        raise invalid("body: invalid JSON") from error  # a guess
    if not isinstance(body, dict):
        raise invalid("body: Input should be an object")  # a guess
    return body


ROUTES = [
    Route(method, re.compile(path), view, needs_key)
    for method, path, view, needs_key in (
        ("POST", "/v1/chat/completions", chat, True),
        ("POST", "/v1/completions", complete, True),
        ("GET", "/v1/models", list_models, True),
        ("GET", "/v1/models/([^/]+)", show_model, True),
        ("GET", "/public/v1/models", list_public_models, False),
        ("GET", "/public/v1/models/([^/]+)", show_public_model, False),
        ("GET", "/v1/tcp_warming", warm, False),
    )
]
