"""An upstream that takes its time: each dialect is kept alive in its own way."""

from __future__ import annotations

import json
from typing import Any, NamedTuple

import pytest
from flask.testing import FlaskClient

from tests.apps import MakeClient
from tests.blueprints.talking import (
    CHAT,
    COMPLETIONS,
    GENERATE,
    MESSAGES,
    OPENAI,
    RESPONSES,
    asking,
    offering,
)
from tests.cerebras import Fake

SILENCE_S = 0.05
AFTER_THE_ROLE = 1
OFTEN_S = 0.01  # how soon the upstream goes on where it is busy
COMMENT, PING = ": keep-alive", 'event: ping\ndata: {"type":"ping"}'


class Manner(NamedTuple):
    """How a dialect opens a stream at once, is kept alive, and ends."""

    opening: list[str]  # how the frames before all others begin
    alive: str
    end: str


OPENED = ["event: response.created\n", "event: response.in_progress\n"]
MANNERS = {
    OPENAI: Manner([], COMMENT, "data: [DONE]"),
    COMPLETIONS: Manner([], COMMENT, "data: [DONE]"),
    RESPONSES: Manner(OPENED, COMMENT, "event: response.completed\n"),
    MESSAGES: Manner(["event: message_start\n"], PING, "event: message_stop\n"),
}
EVERYWHERE = [CHAT, GENERATE, *MANNERS]
HIDDEN: dict[str, dict[str, Any]] = {
    CHAT: {"think": False},
    GENERATE: {"think": False},
    OPENAI: {"reasoning_effort": "none"},
    COMPLETIONS: {},
    RESPONSES: {"reasoning": {"effort": "none"}},
    MESSAGES: {"thinking": {"type": "disabled"}},
}


@pytest.fixture
def impatient(make_client: MakeClient) -> FlaskClient:
    """Counts as silence what is a moment."""
    return make_client(silence_s=SILENCE_S)


def held(
    client: FlaskClient, fake: Fake, path: str, reads: int = 2, **body: Any
) -> tuple[list[bytes], bytes]:
    """What comes in the first reads, then the gate is opened, and the rest."""
    body = asking(path, stream=True, **body)
    answer = client.post(path, json=body, buffered=False)
    stream = iter(answer.response)
    first = [next(stream) for _ in range(reads)]
    fake.release("gate")
    rest = b"".join(stream)
    answer.close()
    assert answer.status_code == 200
    return first, rest


def says_nothing(line: str) -> bool:
    told = json.loads(line)
    said = told.get("message", {"content": told.get("response")})
    return said["content"] == "" and told["done"] is False and len(said) <= 2


@pytest.mark.parametrize("path", [CHAT, GENERATE])
def test_a_silent_native_stream_sends_lines_that_say_nothing(
    impatient: FlaskClient, fake: Fake, path: str
) -> None:
    fake.script({"content": "Hello!", "hold": "gate", "after": AFTER_THE_ROLE})

    first, rest = held(impatient, fake, path)

    assert all(says_nothing(line.decode()) for line in first)
    assert json.loads(rest.splitlines()[-1])["done"] is True


@pytest.mark.parametrize("path", MANNERS)
def test_a_silent_stream_of_events_is_opened_once_and_kept_alive(
    impatient: FlaskClient, fake: Fake, path: str
) -> None:
    fake.script({"content": "Hello!", "hold": "gate", "after": AFTER_THE_ROLE})
    opening, alive, end = MANNERS[path]

    first, rest = held(impatient, fake, path, reads=3)

    frames = b"".join(first).decode().removesuffix("\n\n").split("\n\n")
    opened, kept = frames[: len(opening)], frames[len(opening) :]
    assert all(map(str.startswith, opened, opening))
    assert set(kept) == {alive}
    assert len(kept) >= 2
    *said, last = rest.decode().removesuffix("\n\n").split("\n\n")
    assert last.startswith(end)
    assert not any(frame.startswith(tuple(opening)) for frame in said if opening)


@pytest.mark.parametrize("path", EVERYWHERE)
def test_a_failure_after_silence_is_a_mid_stream_error(
    impatient: FlaskClient, fake: Fake, path: str
) -> None:
    incidents = [
        {"hold": "gate", "after": AFTER_THE_ROLE},
        {"fault": "cut", "after": AFTER_THE_ROLE},
    ]
    fake.script({"content": "Hello!", "at": incidents})

    _, rest = held(impatient, fake, path, reads=1)

    assert b"Cerebras' answer was cut short" in rest
    assert b'"done":true' not in rest
    assert b"[DONE]" not in rest
    assert b"message_stop" not in rest


def test_silence_in_mid_stream_is_bridged_too(
    impatient: FlaskClient, fake: Fake
) -> None:
    fake.script(
        {"content": "one two three", "delta_size": 4, "hold": "gate", "after": 3}
    )

    answer = impatient.post(CHAT, json=asking(CHAT), buffered=False)
    stream = iter(answer.response)
    seen = []
    while not seen or json.loads(seen[-1].splitlines()[-1])["message"]["content"]:
        seen.append(next(stream))
    fake.release("gate")
    lines = [json.loads(line) for line in b"".join([*seen, *stream]).splitlines()]
    answer.close()

    assert "".join(line["message"]["content"] for line in lines) == "one two three"


def busy(**script: Any) -> dict[str, Any]:
    """A script that goes on often, but for long."""
    places = range(AFTER_THE_ROLE, 2 + round(4 * SILENCE_S / OFTEN_S))
    return {**script, "at": [{"after": n, "pause": OFTEN_S} for n in places]}


def kept_alive(raw: str, path: str) -> int:
    """How often a stream says that there is nothing to say."""
    if path in MANNERS:
        return raw.split("\n\n").count(MANNERS[path].alive)
    return sum(map(says_nothing, raw.splitlines()))


@pytest.mark.parametrize("path", EVERYWHERE)
def test_thoughts_that_nobody_wants_to_see_are_silence(
    impatient: FlaskClient, fake: Fake, path: str
) -> None:
    fake.script(busy(reasoning="hidden " * 20, content="Hello!", delta_size=3))

    body = asking(path, stream=True, **HIDDEN[path])
    raw = impatient.post(path, json=body).text

    assert kept_alive(raw, path) >= 2
    assert "hidden" not in raw


@pytest.mark.parametrize("path", [CHAT, OPENAI, RESPONSES, MESSAGES])
def test_a_call_that_is_still_growing_is_silence(
    impatient: FlaskClient, fake: Fake, path: str
) -> None:
    call = {"name": "weather", "arguments": {"town": "O" * 90 + "slo"}}
    fake.script(busy(tool_calls=[call], arguments_delta_size=3))

    body = asking(path, stream=True, **offering(path))
    raw = impatient.post(path, json=body).text

    assert kept_alive(raw, path) >= 2
    assert "Oslo" in raw
