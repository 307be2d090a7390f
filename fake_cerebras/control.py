"""The control routes under /_fake/: scripts, organisations, quota, request records."""

import json
from collections.abc import Callable, Mapping
from typing import Any
from urllib.parse import parse_qsl, urlsplit

from fake_cerebras.connection import Connection
from fake_cerebras.quota import REFILLS
from fake_cerebras.script import ScriptError, parse_script
from fake_cerebras.state import State

PREFIX = "/_fake/"
Result = tuple[int, Any]  # status and JSON
Query = Mapping[str, str]


def serve(connection: Connection, state: State) -> None:
    data = connection.read_body()
    url = urlsplit(connection.path)
    route, _, name = url.path.removeprefix(PREFIX).partition("/")
    view = VIEWS.get((connection.command, route))
    if view is None:
        status, value = 404, {"error": f"no route {connection.command} {url.path}"}
    else:
        try:
            body = json.loads(data or b"null")
            status, value = view(state, name, dict(parse_qsl(url.query)), body)
        except (ScriptError, ValueError, TypeError, KeyError) as error:
            status, value = 400, {"error": str(error)}
    connection.send(status, value, {})


def queue_script(state: State, name: str, query: Query, body: Any) -> Result:
    state.scripts.add(parse_script(body["script"]), int(body.get("times", 1)))
    return 200, {}


def release_gate(state: State, name: str, query: Query, body: Any) -> Result:
    state.scripts.gate(name).set()
    return 200, {}


def list_requests(state: State, name: str, query: Query, body: Any) -> Result:
    records, path = state.records, query.get("path")
    at_least = int(query.get("at_least", 0))
    complete = records.wait(
        lambda: len(records.as_dicts(path)) >= at_least, timeout_s(query)
    )
    return 200 if complete else 504, records.as_dicts(path)


def wait_for_disconnect(state: State, name: str, query: Query, body: Any) -> Result:
    record = state.records.find(int(name))
    if record is None:
        return 404, {"error": f"no request {name}"}
    disconnected = state.records.wait(
        lambda: record.disconnected_at is not None, timeout_s(query)
    )
    return 200 if disconnected else 504, {
        "id": record.id,
        "disconnected_after_s": record.disconnected_after_s,
        "disconnected_at": record.disconnected_at,
    }


def set_quota(state: State, name: str, query: Query, body: Any) -> Result:
    for key in body.get("keys", state.keys):
        organisation = state.organisations.of(key)
        state.quotas.set_tier(
            organisation, body["tier"], body.get("refill", REFILLS[0])
        )
    return 200, {}


def unite_keys(state: State, name: str, query: Query, body: Any) -> Result:
    keys = body["keys"]
    if not keys or not state.keys.issuperset(keys):
        raise ValueError(f"keys: some of {sorted(state.keys)}")
    state.organisations.unite(keys)
    return 200, {}


def set_cache(state: State, name: str, query: Query, body: Any) -> Result:
    state.cache.configure(**body)
    return 200, {}


def set_clock(state: State, name: str, query: Query, body: Any) -> Result:
    if "at" in body:
        state.clock.stop(float(body["at"]))
    state.clock.advance(float(body.get("advance", 0)))
    return 200, {"now": state.clock()}


def reset(state: State, name: str, query: Query, body: Any) -> Result:
    state.reset()
    return 200, {}


def timeout_s(query: Query) -> float:
    return float(query.get("timeout", 5))


VIEWS: dict[tuple[str, str], Callable[[State, str, Query, Any], Result]] = {
    ("POST", "script"): queue_script,
    ("POST", "release"): release_gate,
    ("POST", "organisation"): unite_keys,
    ("POST", "quota"): set_quota,
    ("POST", "cache"): set_cache,
    ("POST", "clock"): set_clock,
    ("GET", "requests"): list_requests,
    ("GET", "disconnected"): wait_for_disconnect,
    ("DELETE", ""): reset,
}
