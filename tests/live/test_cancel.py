"""A client that disconnects cancels its upstream request at once, in every state."""

import time
from collections.abc import Mapping
from typing import Any

import pytest

from tests.cerebras import Fake
from tests.live.http_client import CHAT, send_chat
from tests.live_server import Server
from tests.processes import wait_until

MAX_DELAY_S = 0.1
TRIES = 3  # the best one counts: the machine may be busy

OPENAI, MESSAGES = "/v1/chat/completions", "/v1/messages"

# The upstream's script, whether the request streams, and whether the client reads a
# line before it disconnects.
STATES: Mapping[str, tuple[dict[str, Any], bool, bool]] = {
    "before the first byte": ({"hold": "{gate}"}, True, False),
    "silent in mid-stream": ({"hold": "{gate}", "after": 2}, True, True),
    "streaming": ({"tokens_per_second": 50, "content": "word " * 500}, True, True),
    "on a whole reply": ({"hold": "{gate}"}, False, False),
}


def measure_cancel_delay(server: Server, fake: Fake, path: str, state: str) -> float:
    """Disconnect in a state; return the seconds until the upstream noticed."""
    script, stream, has_begun = STATES[state]
    gate = f"never {time.monotonic_ns()}"
    script = {"content": "one two three four five six", **script}
    if "hold" in script:
        script["hold"] = gate
    before = len(fake.inference_requests())
    connection = send_chat(server, script, path, stream=stream, max_tokens=1000)
    record = fake.inference_requests(at_least=before + 1)[-1]
    if has_begun:
        connection.getresponse().readline()
    disconnected_at = time.time()
    connection.close()
    return fake.wait_for_disconnect(record["id"]) - disconnected_at


@pytest.mark.timing
@pytest.mark.parametrize("path", [CHAT, OPENAI, MESSAGES])
@pytest.mark.parametrize("state", STATES)
@pytest.mark.parametrize("kind", ["server", "flask_server"])
def test_disconnect_cancels_the_upstream_request_at_once(
    request: pytest.FixtureRequest, fake: Fake, kind: str, state: str, path: str
) -> None:
    server = request.getfixturevalue(kind)

    delays = (measure_cancel_delay(server, fake, path, state) for _ in range(TRIES))

    assert any(delay <= MAX_DELAY_S for delay in delays)


@pytest.mark.parametrize("status", [503, 429], ids=["backoff", "quota queue"])
@pytest.mark.parametrize("kind", ["server", "flask_server"])
def test_no_retry_after_the_client_disconnected(
    request: pytest.FixtureRequest, fake: Fake, kind: str, status: int
) -> None:
    server = request.getfixturevalue(kind)
    script = {"status": status, "headers": {"retry-after": "1"}, "match": kind}
    fake.script(script, times=2)
    connection = send_chat(server, kind)
    fake.inference_requests(at_least=1)

    connection.close()

    with pytest.raises(AssertionError):
        fake.inference_requests(at_least=2, timeout=1.5)


def test_disconnect_after_the_whole_reply_cancels_nothing(
    server: Server, fake: Fake
) -> None:
    """The upstream sends the end of its body 20 ms after the last event."""
    script = {"content": "one two", "pause": 0.02, "after": 3}
    before = len(fake.inference_requests())

    for _ in range(6):
        connection = send_chat(server, script, headers={"Connection": "close"})
        assert b'"done":true' in connection.getresponse().read()
        connection.close()

    wait_until(
        lambda: all(each["finished"] for each in fake.inference_requests()[before:])
    )
    assert [
        each["disconnected_after_s"] for each in fake.inference_requests()[before:]
    ] == [None] * 6
