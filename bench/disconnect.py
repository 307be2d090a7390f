"""The time from a client's disconnect to the close of its upstream connection."""

import itertools
import math
import socket
import time

from bench.fleet import UPSTREAM_DIALECT, Fleet, TargetKey
from bench.rounds import Figures, Results, Row, pin_all, placement, rotate
from bench.scenarios import PATHS, request_body

STATES = {
    "pace": {"tokens": 1_000_000, "pace": 500},
    "full speed": {"tokens": 1_000_000_000},
    "silent in mid-stream": {"tokens": 1000, "mute": 20},
    "before the first byte": {"tokens": 1000, "mute": 0},
}
CONNECTED_S = 0.1
TIMEOUT_S = 1.0
request_ids = itertools.count(1)


def run(fleet: Fleet, targets: tuple[str, ...], rounds: int) -> Results:
    """Return a row for each target and state of the stream."""
    rows = [Row(target, state) for target in targets for state in STATES]
    results: Results = {row: [] for row in rows}
    for number in range(rounds):
        for row in rotate(rows, number):
            pin_all(fleet.pids(TargetKey(row.target)), placement())
            results[row].append(disconnect(fleet, row))
    return results


def disconnect(fleet: Fleet, row: Row) -> Figures:
    """Return the milliseconds until the upstream connection closed, or infinity."""
    request_id = next(request_ids)
    dialect = "openai" if row.target in UPSTREAM_DIALECT else "native"
    body = request_body(dialect, STATES[row.variant] | {"id": request_id})
    head = (
        f"POST {PATHS[dialect]} HTTP/1.1\r\nHost: 127.0.0.1\r\n"
        f"Content-Type: application/json\r\nContent-Length: {len(body)}\r\n\r\n"
    )
    address = "127.0.0.1", fleet.port(TargetKey(row.target))
    with socket.create_connection(address) as client:
        client.sendall(head.encode() + body)
        _read_for(client, CONNECTED_S)
        disconnected_ns = time.monotonic_ns()
    closed_ns = _closed_ns(fleet, request_id, disconnected_ns)
    return {"gone_ms": (closed_ns - disconnected_ns) / 1e6}


def _read_for(client: socket.socket, seconds: float) -> None:
    deadline = time.monotonic() + seconds
    while (timeout := deadline - time.monotonic()) > 0:
        client.settimeout(timeout)
        try:
            if not client.recv(65536):
                return
        except TimeoutError:
            return


def _closed_ns(fleet: Fleet, request_id: int, disconnected_ns: int) -> float:
    """Return when the upstream saw the close, by the monotonic clock both use."""
    while time.monotonic_ns() < disconnected_ns + TIMEOUT_S * 1e9:
        if closed_ns := fleet.query_upstream(f"/closed?id={request_id}"):
            return closed_ns
        time.sleep(0.005)
    return math.inf
