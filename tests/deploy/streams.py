"""Check from outside that a server relays each event of a stream at once."""

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
    """A line of a reply, and the time at which it arrived."""

    value: dict[str, Any]
    arrived_at: float

    @property
    def content(self) -> str:
        return str(self.value["message"]["content"])


@contextlib.contextmanager
def stream_chat(url: str, **headers: str) -> Iterator[Iterator[Line]]:
    """Send a chat request, and yield an iterator over the lines of the reply."""
    body = {"model": "gpt-oss-120b", "messages": [{"role": "user", "content": "Go"}]}
    parts = urlsplit(url)
    connection = CONNECTIONS[parts.scheme](parts.netloc, timeout=TIMEOUT_S)
    with contextlib.closing(connection):
        connection.request("POST", "/api/chat", json.dumps(body), headers)
        yield _read_lines(connection)


def _read_lines(connection: http.client.HTTPConnection) -> Iterator[Line]:
    # The head may arrive only with the first line, so this waits for it here.
    response = connection.getresponse()
    assert response.status == 200, response.read()
    while line := response.readline():
        yield Line(json.loads(line), time.monotonic())


def text_of(lines: list[Line]) -> str:
    return "".join(line.content for line in lines)


def check_lines_arrive_before_the_next_is_sent(url: str, fake: Fake) -> None:
    """The upstream continues only after the client has received all lines so far."""
    gates = {"first": 4, "second": 8, "third": 12}  # events, the first has only a role
    holds = [{"after": events, "hold": gate} for gate, events in gates.items()]
    fake.script({"content": TEXT, "at": holds, "delta_size": DELTA_SIZE})
    seen: list[Line] = []

    with stream_chat(url) as lines:
        for gate, events in gates.items():
            while len(text_of(seen)) < DELTA_SIZE * (events - 1):
                seen.append(next(lines))
            fake.release(gate)
        seen += lines

    assert text_of(seen) == TEXT
    assert seen[-1].value["done"] is True


def check_slow_stream_keeps_the_pace_of_the_upstream(url: str, fake: Fake) -> None:
    """The stream takes 3 s: the first line arrives at once, the others one by one."""
    hold = {"after": 0, "hold": "start"}
    pace = {"tokens_per_second": TOKENS_PER_SECOND, "delta_size": DELTA_SIZE}
    fake.script({"content": TEXT, "at": [hold], **pace})

    with stream_chat(url) as lines:
        fake.requests(at_least=1)
        started = time.monotonic()
        fake.release("start")
        seen = list(lines)

    arrivals = [line.arrived_at - started for line in seen]
    gaps = [
        after - before for before, after in zip(arrivals, arrivals[1:], strict=False)
    ]
    assert text_of(seen) == TEXT
    assert arrivals[0] < 0.2
    assert 2.5 < arrivals[-1] < 6
    assert max(gaps) < 1
