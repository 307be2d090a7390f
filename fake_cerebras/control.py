"""The control routes, under /_fake/: steer the server, and ask what it received."""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping
from typing import Any
from urllib.parse import parse_qsl, urlsplit

from fake_cerebras import script
from fake_cerebras.buckets import REFILLS
from fake_cerebras.connection import Connection
from fake_cerebras.script import ScriptError
from fake_cerebras.state import State

PREFIX = "/_fake/"
Answer = tuple[int, Any]
Query = Mapping[str, str]


def serve(connection: Connection, state: State) -> None:
    data = connection.read_body()
    parts = urlsplit(connection.path)
    topic, _, name = parts.path.removeprefix(PREFIX).partition("/")
    view = VIEWS.get((connection.command, topic))
    if view is None:
        status, value = 404, {"error": f"no {connection.command} {parts.path}"}
    else:
        try:
            body = json.loads(data or b"null")
            status, value = view(state, name, dict(parse_qsl(parts.query)), body)
        except (ScriptError, ValueError, TypeError, KeyError) as error:
            status, value = 400, {"error": str(error)}
    connection.send(status, value, {})


def add_script(state: State, name: str, query: Query, body: Any) -> Answer:
    state.steering.add(script.parse(body["script"]), int(body.get("times", 1)))
    return 200, {}


def release(state: State, name: str, query: Query, body: Any) -> Answer:
    state.steering.release(name)
    return 200, {}


def list_requests(state: State, name: str, query: Query, body: Any) -> Answer:
    records, path = state.records, query.get("path")
    at_least = int(query.get("at_least", 0))
    came = records.wait(
        lambda: len(records.listing(path)) >= at_least, timeout_s(query)
    )
    return 200 if came else 504, records.listing(path)


def wait_until_left(state: State, name: str, query: Query, body: Any) -> Answer:
    record = state.records.find(int(name))
    if record is None:
        return 404, {"error": f"no request {name}"}
    state.records.wait(
        lambda: record.disconnected_after_s is not None, timeout_s(query)
    )
    left = {
        "id": record.id,
        "disconnected_after_s": record.disconnected_after_s,
        "disconnected_at": record.disconnected_at,
    }
    return 200 if record.disconnected_after_s is not None else 504, left


def wait_until_finished(state: State, name: str, query: Query, body: Any) -> Answer:
    record = state.records.find(int(name))
    if record is None:
        return 404, {"error": f"no request {name}"}
    finished = state.records.wait(lambda: record.finished, timeout_s(query))
    return 200 if finished else 504, {"id": record.id, "finished": finished}


def open_account(state: State, name: str, query: Query, body: Any) -> Answer:
    for key in body.get("keys", state.keys):
        state.accounts.open(key, body["tier"], body.get("refill", REFILLS[0]))
    return 200, {}


def turn_clock(state: State, name: str, query: Query, body: Any) -> Answer:
    if "at" in body:
        state.clock.stop(float(body["at"]))
    state.clock.advance(float(body.get("advance", 0)))
    return 200, {"now": state.clock()}


def forget_requests(state: State, name: str, query: Query, body: Any) -> Answer:
    state.records.clear()
    return 200, {}


def forget_all(state: State, name: str, query: Query, body: Any) -> Answer:
    """Requests, scripts that wait, gates and quota; whatever holds goes on."""
    state.records.clear()
    state.steering.clear()
    state.accounts.clear()
    state.clock.reset()
    return 200, {}


def timeout_s(query: Query) -> float:
    return float(query.get("timeout", 5))


VIEWS: dict[tuple[str, str], Callable[[State, str, Query, Any], Answer]] = {
    ("POST", "script"): add_script,
    ("POST", "release"): release,
    ("POST", "quota"): open_account,
    ("POST", "clock"): turn_clock,
    ("GET", "requests"): list_requests,
    ("DELETE", "requests"): forget_requests,
    ("GET", "disconnected"): wait_until_left,
    ("GET", "finished"): wait_until_finished,
    ("DELETE", ""): forget_all,
}
