"""A client that leaves frees its upstream at once, whatever is being waited for."""

from __future__ import annotations

import http.client
import json
import time
from collections.abc import Mapping
from typing import Any
from urllib.parse import urlsplit

import pytest

from tests.cerebras import Fake
from tests.processes import wait_until
from tests.serving import Server

# The promise; the best of a few tries keeps a busy machine from hiding it.
PROMISED_S = 0.1
TRIES = 3

CHAT = "/api/chat"
OPENAI, MESSAGES = "/v1/chat/completions", "/v1/messages"

# What the upstream does while the client leaves, and what the client has seen of it.
STATES: Mapping[str, tuple[dict[str, Any], bool, bool]] = {
    "before the first byte": ({"hold": "{gate}"}, True, False),
    "silent in mid-stream": ({"hold": "{gate}", "after": 2}, True, True),
    "streaming": ({"tokens_per_second": 50, "content": "word " * 500}, True, True),
    "on a whole answer": ({"hold": "{gate}"}, False, False),
}


def leave(server: Server, fake: Fake, path: str, state: str) -> float:
    """Ask, leave in the given state; seconds until the upstream knew."""
    script, stream, has_begun = STATES[state]
    gate = f"never {time.monotonic_ns()}"
    told = json.dumps({"content": "one two three four five six", **script})
    prompt = f"@fake {told.replace('{gate}', gate)}"
    before = len(fake.inference_requests())
    connection = http.client.HTTPConnection(urlsplit(server.url).netloc, timeout=10)
    body = {
        "model": "gpt-oss-120b",
        "messages": [{"role": "user", "content": prompt}],
        "stream": stream,
        "max_tokens": 1000,
    }
    connection.request("POST", path, json.dumps(body))
    record = fake.inference_requests(at_least=before + 1)[-1]
    if has_begun:
        connection.getresponse().readline()
    left = time.time()
    connection.close()
    return fake.wait_for_disconnect(record["id"]) - left


@pytest.mark.timing
@pytest.mark.parametrize("path", [CHAT, OPENAI, MESSAGES])
@pytest.mark.parametrize("state", STATES)
@pytest.mark.parametrize("kind", ["server", "flask_server"])
def test_the_upstream_is_closed_at_once_when_the_client_leaves(
    request: pytest.FixtureRequest, fake: Fake, kind: str, state: str, path: str
) -> None:
    server = request.getfixturevalue(kind)

    waits = (leave(server, fake, path, state) for _ in range(TRIES))

    assert any(wait <= PROMISED_S for wait in waits)


@pytest.mark.parametrize("status", [503, 429], ids=["alone", "in line"])
@pytest.mark.parametrize("kind", ["server", "flask_server"])
def test_nothing_is_tried_again_for_a_client_that_has_left(
    request: pytest.FixtureRequest, fake: Fake, kind: str, status: int
) -> None:
    server = request.getfixturevalue(kind)
    asked = {"status": status, "headers": {"retry-after": "1"}, "match": kind}
    fake.script(asked, times=2)
    connection = http.client.HTTPConnection(urlsplit(server.url).netloc, timeout=10)
    messages = [{"role": "user", "content": kind}]
    body = {"model": "gpt-oss-120b", "messages": messages}
    connection.request("POST", CHAT, json.dumps(body))
    fake.inference_requests(at_least=1)

    connection.close()

    with pytest.raises(AssertionError):
        fake.inference_requests(at_least=2, timeout=1.5)


def test_a_client_that_leaves_with_its_whole_answer_breaks_nothing_off(
    server: Server, fake: Fake
) -> None:
    """It leaves at its own end, which the upstream has not told yet."""
    ending = {"content": "one two", "pause": 0.02, "after": 3}
    body = {
        "model": "gpt-oss-120b",
        "messages": [{"role": "user", "content": f"@fake {json.dumps(ending)}"}],
    }
    before = len(fake.inference_requests())

    for _ in range(6):
        connection = http.client.HTTPConnection(urlsplit(server.url).netloc, timeout=10)
        connection.request("POST", CHAT, json.dumps(body), {"Connection": "close"})
        assert b'"done":true' in connection.getresponse().read()
        connection.close()

    wait_until(
        lambda: all(each["finished"] for each in fake.inference_requests()[before:])
    )
    assert [
        each["disconnected_after_s"] for each in fake.inference_requests()[before:]
    ] == [None] * 6
