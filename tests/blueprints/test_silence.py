"""While the upstream sends no content, each dialect keeps its stream alive."""

import json
from typing import Any, NamedTuple

import pytest
from flask.testing import FlaskClient

from tests.apps import MakeClient
from tests.blueprints.client import (
    CHAT,
    COMPLETIONS,
    GENERATE,
    INFERENCE_PATHS,
    MESSAGES,
    NO_THINKING,
    OPENAI,
    RESPONSES,
    WEATHER_TOOLS,
    post,
    request_body,
)
from tests.blueprints.readers import join_lines
from tests.cerebras import Fake

SILENCE_S = 0.05
AFTER_THE_ROLE = 1
PAUSE_S = 0.01  # between events of an upstream that is not silent
COMMENT, PING = ": keep-alive", 'event: ping\ndata: {"type":"ping"}'


class Frames(NamedTuple):
    """How frames of an SSE stream begin."""

    first: list[str]
    keep_alive: str
    last: str


CREATED = ["event: response.created\n", "event: response.in_progress\n"]
SSE_FRAMES = {
    OPENAI: Frames([], COMMENT, "data: [DONE]"),
    COMPLETIONS: Frames([], COMMENT, "data: [DONE]"),
    RESPONSES: Frames(CREATED, COMMENT, "event: response.completed\n"),
    MESSAGES: Frames(["event: message_start\n"], PING, "event: message_stop\n"),
}


@pytest.fixture
def client(make_client: MakeClient) -> FlaskClient:
    return make_client(silence_s=SILENCE_S)


def read_while_held(
    client: FlaskClient, fake: Fake, path: str, reads: int
) -> tuple[list[bytes], bytes]:
    """Return the first reads of a stream, and all that follows when the gate opens."""
    body = request_body(path, stream=True)
    response = client.post(path, json=body, buffered=False)
    stream = iter(response.response)
    first = [next(stream) for _ in range(reads)]
    fake.release("gate")
    rest = b"".join(stream)
    response.close()
    assert response.status_code == 200
    return first, rest


def is_empty_line(text: str | bytes) -> bool:
    line = json.loads(text)
    message = line.get("message", {"content": line.get("response")})
    return message["content"] == "" and line["done"] is False and len(message) <= 2


def count_keep_alives(text: str, path: str) -> int:
    if path in SSE_FRAMES:
        return text.split("\n\n").count(SSE_FRAMES[path].keep_alive)
    return sum(map(is_empty_line, text.splitlines()))


def pausing(**script: Any) -> dict[str, Any]:
    """Return a script with a short pause before each of its first events."""
    places = range(AFTER_THE_ROLE, 2 + round(4 * SILENCE_S / PAUSE_S))
    return {**script, "at": [{"after": n, "pause": PAUSE_S} for n in places]}


@pytest.mark.parametrize("path", [CHAT, GENERATE])
def test_silent_native_stream_sends_empty_lines(
    client: FlaskClient, fake: Fake, path: str
) -> None:
    fake.script({"content": "Hello!", "hold": "gate", "after": AFTER_THE_ROLE})

    first, rest = read_while_held(client, fake, path, reads=2)

    assert all(map(is_empty_line, first))
    assert json.loads(rest.splitlines()[-1])["done"] is True


@pytest.mark.parametrize("path", SSE_FRAMES)
def test_silent_sse_stream_is_opened_once_and_kept_alive(
    client: FlaskClient, fake: Fake, path: str
) -> None:
    fake.script({"content": "Hello!", "hold": "gate", "after": AFTER_THE_ROLE})
    beginnings, keep_alive, end = SSE_FRAMES[path]

    first, rest = read_while_held(client, fake, path, reads=3)

    frames = b"".join(first).decode().removesuffix("\n\n").split("\n\n")
    opening, silent = frames[: len(beginnings)], frames[len(beginnings) :]
    assert all(map(str.startswith, opening, beginnings))
    assert set(silent) == {keep_alive}
    assert len(silent) >= 2
    *frames, last = rest.decode().removesuffix("\n\n").split("\n\n")
    assert last.startswith(end)
    assert not any(f.startswith(tuple(beginnings)) for f in frames if beginnings)


@pytest.mark.parametrize("path", INFERENCE_PATHS)
def test_failure_after_silence_is_an_error_event(
    client: FlaskClient, fake: Fake, path: str
) -> None:
    incidents = [
        {"hold": "gate", "after": AFTER_THE_ROLE},
        {"fault": "cut", "after": AFTER_THE_ROLE},
    ]
    fake.script({"content": "Hello!", "at": incidents})

    _, rest = read_while_held(client, fake, path, reads=1)

    assert b"Cerebras' answer was cut short" in rest
    for end in (b'"done":true', b"[DONE]", b"message_stop"):
        assert end not in rest


def test_silence_in_mid_stream_sends_empty_lines(
    client: FlaskClient, fake: Fake
) -> None:
    fake.script(
        {"content": "one two three", "delta_size": 4, "hold": "gate", "after": 3}
    )

    response = client.post(CHAT, json=request_body(CHAT), buffered=False)
    stream = iter(response.response)
    reads = [next(stream)]
    while not is_empty_line(reads[-1].splitlines()[-1]):
        reads.append(next(stream))
    fake.release("gate")
    lines = [json.loads(line) for line in b"".join([*reads, *stream]).splitlines()]
    response.close()

    assert join_lines(lines, "content") == "one two three"


@pytest.mark.parametrize("path", INFERENCE_PATHS)
def test_hidden_reasoning_counts_as_silence(
    client: FlaskClient, fake: Fake, path: str
) -> None:
    fake.script(pausing(reasoning="hidden " * 20, content="Hello!", delta_size=3))

    text = post(client, path, stream=True, **NO_THINKING[path]).text

    assert count_keep_alives(text, path) >= 2
    assert "hidden" not in text


@pytest.mark.parametrize("path", [CHAT, OPENAI, RESPONSES, MESSAGES])
def test_incomplete_tool_call_counts_as_silence(
    client: FlaskClient, fake: Fake, path: str
) -> None:
    call = {"name": "weather", "arguments": {"town": "O" * 90 + "slo"}}
    fake.script(pausing(tool_calls=[call], arguments_delta_size=3))

    text = post(client, path, stream=True, **WEATHER_TOOLS[path]).text

    assert count_keep_alives(text, path) >= 2
    assert "Oslo" in text
