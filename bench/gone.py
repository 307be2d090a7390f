"""How soon the upstream's connection is closed when a client leaves, in four states."""

from __future__ import annotations

import itertools
import math
import socket
import time

from bench import bodies
from bench.fleet import RELAYS, Fleet, Name
from bench.rounds import Measured, Results, Row, place, placement, rotated

STATES = {
    "pace": {"tokens": 1_000_000, "pace": 500},
    "full speed": {"tokens": 1_000_000_000},
    "silent in mid-stream": {"tokens": 1000, "mute": 20},
    "before the first byte": {"tokens": 1000, "mute": 0},
}
STAYS_S = 0.1
NEVER_S = 1.0
ids = itertools.count(1)


def run(fleet: Fleet, targets: tuple[str, ...], rounds: int) -> Results:
    """One row per target and state; the state stands where a dialect would."""
    rows = [Row(target, state) for target in targets for state in STATES]
    results: Results = {row: [] for row in rows}
    for n in range(rounds):
        for row in rotated(rows, n):
            place(fleet.pids(Name(row.target)), placement())
            results[row].append(leave(fleet, row))
    return results


def leave(fleet: Fleet, row: Row) -> Measured:
    """Milliseconds from the client's close to the upstream's; infinite: never."""
    number = next(ids)
    dialect = "openai" if row.target in RELAYS else "native"
    body = bodies.body(dialect, STATES[row.dialect] | {"id": number})
    with socket.create_connection(
        ("127.0.0.1", fleet.port(Name(row.target)))
    ) as client:
        head = (
            f"POST {bodies.PATHS[dialect]} HTTP/1.1\r\nHost: 127.0.0.1\r\n"
            f"Content-Type: application/json\r\nContent-Length: {len(body)}\r\n\r\n"
        )
        client.sendall(head.encode() + body)
        _read_for(client, STAYS_S)
        left = time.monotonic_ns()
    return {"gone_ms": (_closed(fleet, number, left) - left) / 1e6}


def _read_for(client: socket.socket, seconds: float) -> None:
    deadline = time.monotonic() + seconds
    while (left := deadline - time.monotonic()) > 0:
        client.settimeout(left)
        try:
            if not client.recv(65536):
                return
        except TimeoutError:
            return


def _closed(fleet: Fleet, number: int, left: int) -> float:
    """When the upstream's connection was closed, by the clock that both read."""
    while time.monotonic_ns() < left + NEVER_S * 1e9:
        if found := fleet.ask(f"/closed?id={number}"):
            return found
        time.sleep(0.005)
    return math.inf
