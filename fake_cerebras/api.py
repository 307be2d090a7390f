"""The routes of the API: authentication, models, and the recording of requests."""

import json
import re
import secrets
import time
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from fake_cerebras import models
from fake_cerebras.connection import ClientDisconnected, Connection, Request
from fake_cerebras.delivery import CloseConnection
from fake_cerebras.errors import ApiError, named_error
from fake_cerebras.inference import chat, complete
from fake_cerebras.quota import default_headers
from fake_cerebras.state import State

STATUSES_WITH_RATE_HEADERS = (200, 429)


@dataclass(frozen=True)
class Route:
    method: str
    path: re.Pattern[str]
    view: Callable[..., None]  # called with the request and the path's groups
    needs_key: bool = True


def serve(connection: Connection, state: State) -> None:
    """Record a request and answer it."""
    headers = {name.lower(): value for name, value in connection.headers.items()}
    data = connection.read_body()
    record = state.records.add(
        connection.number,
        connection.command,
        connection.path,
        headers,
        recorded_body(data),
    )
    try:
        answer(Request(connection, state, record, data))
        state.records.finish(record, connection.status)
    except CloseConnection as close:
        connection.close_now(reset=close.reset)
    except (ClientDisconnected, ConnectionError):
        state.records.disconnect(record)
        connection.close_now(reset=False)


def recorded_body(data: bytes) -> Any:
    """Return the JSON of a body, or its text if it is not JSON."""
    if not data:
        return None
    try:
        return json.loads(data)
    except ValueError:
        return data.decode(errors="replace")


def answer(request: Request) -> None:
    connection = request.connection
    try:
        connection.default_headers = default_headers_of(200)
        route, path_arguments = find_route(request)
        if route.needs_key:
            check_key(request)
        route.view(request, *path_arguments)
    except ApiError as error:
        connection.default_headers = default_headers_of(error.status)
        connection.send(error.status, error.body, error.headers)


def default_headers_of(status: int) -> dict[str, str]:
    headers = {
        "server": "cloudflare",
        "cf-cache-status": "DYNAMIC",
        "cf-ray": f"{secrets.token_hex(8)}-FRA",
        "x-content-type-options": "nosniff",
    }
    if status in STATUSES_WITH_RATE_HEADERS:
        headers |= default_headers(time.time())
    return headers


def find_route(request: Request) -> tuple[Route, tuple[str, ...]]:
    agent = request.header("user-agent")
    if not agent or agent.startswith("Python-urllib"):
        raise named_error("browser_banned")
    path = request.record.path.partition("?")[0]
    matches = [(each, m) for each in ROUTES if (m := each.path.fullmatch(path))]
    if not matches:
        raise ApiError(404, "")
    for route, match in matches:
        if route.method == request.record.method:
            return route, match.groups()
    raise ApiError(405, {"detail": "Method Not Allowed"})  # guess


def check_key(request: Request) -> None:
    if not request.header("authorization"):
        raise named_error("not_authenticated")
    if request.key not in request.state.keys:
        raise named_error("wrong_api_key")


def list_models(request: Request) -> None:
    data = [model.as_dict() for model in models.SERVED.values()]
    request.connection.send(200, {"object": "list", "data": data}, {})


def show_model(request: Request, name: str) -> None:
    request.connection.send(200, models.find(name).as_dict(), {})


def list_public_models(request: Request) -> None:
    data = [model.as_public_dict() for model in models.SERVED.values()]
    request.connection.send(200, {"object": "list", "data": data}, {})


def show_public_model(request: Request, name: str) -> None:
    request.connection.send(200, models.find(name).as_public_dict(), {})


def warm(request: Request) -> None:
    request.connection.send(200, {}, {})


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
