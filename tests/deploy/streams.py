"""Whether a server hands on what it gets at once, seen from outside."""

from __future__ import annotations

import contextlib
import http.client
import json
import time
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any
from urllib.parse import urlsplit

from tests.cerebras import Fake

TIMEOUT_S = 20.0
WORDS = [f"word{number} " for number in range(30)]
TEXT = "".join(WORDS)
DELTA_SIZE = 6
TOKENS_PER_SECOND = 10.0  # a delta counts as one
CONNECTIONS = {
    "http": http.client.HTTPConnection,
    "https": http.client.HTTPSConnection,
}


@dataclass(frozen=True)
class Line:
    """A line of a reply, and when it came."""

    value: dict[str, Any]
    at: float

    @property
    def content(self) -> str:
        return str(self.value["message"]["content"])


@contextlib.contextmanager
def chatting(url: str, **headers: str) -> Iterator[Iterator[Line]]:
    """The lines of a streamed chat, each as it comes."""
    body = {"model": "gpt-oss-120b", "messages": [{"role": "user", "content": "Go"}]}
    parts = urlsplit(url)
    connection = CONNECTIONS[parts.scheme](parts.netloc, timeout=TIMEOUT_S)
    with contextlib.closing(connection):
        connection.request("POST", "/api/chat", json.dumps(body), headers)
        yield _lines(connection)


def _lines(connection: http.client.HTTPConnection) -> Iterator[Line]:
    """The answer may be held back: its head is awaited with the first line."""
    answer = connection.getresponse()
    assert answer.status == 200, answer.read()
    while line := answer.readline():
        yield Line(json.loads(line), time.monotonic())


def content(lines: list[Line]) -> str:
    return "".join(line.content for line in lines)


def check_every_line_comes_before_the_next_is_made(url: str, fake: Fake) -> None:
    """The upstream goes on only when the client has what came so far."""
    gates = {"first": 4, "second": 8, "third": 12}  # events, the first has only a role
    holds = [{"after": events, "hold": gate} for gate, events in gates.items()]
    fake.script({"content": TEXT, "at": holds, "delta_size": DELTA_SIZE})
    seen: list[Line] = []

    with chatting(url) as lines:
        for gate, events in gates.items():
            while len(content(seen)) < DELTA_SIZE * (events - 1):
                seen.append(next(lines))
            fake.release(gate)
        seen += lines

    assert content(seen) == TEXT
    assert seen[-1].value["done"] is True


def check_a_slow_stream_is_as_slow_as_the_upstream(url: str, fake: Fake) -> None:
    """Three seconds: the first line at once, the others as they are made."""
    hold = {"after": 0, "hold": "start"}
    pace = {"tokens_per_second": TOKENS_PER_SECOND, "delta_size": DELTA_SIZE}
    fake.script({"content": TEXT, "at": [hold], **pace})

    with chatting(url) as lines:
        fake.requests(at_least=1)
        started = time.monotonic()
        fake.release("start")
        seen = list(lines)

    arrivals = [line.at - started for line in seen]
    gaps = [
        after - before for before, after in zip(arrivals, arrivals[1:], strict=False)
    ]
    assert content(seen) == TEXT
    assert arrivals[0] < 0.2
    assert 2.5 < arrivals[-1] < 6
    assert max(gaps) < 1
