"""An upstream that takes its time: each dialect is kept alive in its own way."""

from __future__ import annotations

import json

import pytest
from flask.testing import FlaskClient

from tests.apps import MakeClient
from tests.blueprints.talking import (
    CHAT,
    COMPLETIONS,
    GENERATE,
    OPENAI,
    RESPONSES,
    asking,
    delta_texts,
)
from tests.cerebras import Fake

TICK_S = 0.05
AFTER_THE_ROLE = 1


@pytest.fixture
def impatient(make_client: MakeClient) -> FlaskClient:
    """Counts as silence what is a moment."""
    return make_client(tick_s=TICK_S)


@pytest.mark.parametrize("path", [CHAT, GENERATE])
def test_a_silent_native_stream_sends_lines_that_say_nothing(
    impatient: FlaskClient, fake: Fake, path: str
) -> None:
    fake.script({"say": "Hello!", "hold": "gate", "after": AFTER_THE_ROLE})

    answer = impatient.post(path, json=asking(path), buffered=False)
    stream = iter(answer.response)
    first, second = json.loads(next(stream)), json.loads(next(stream))
    fake.release("gate")
    rest = [json.loads(line) for line in b"".join(stream).splitlines()]
    answer.close()

    for line in (first, second):
        said = line.get("message", {"content": line.get("response")})
        assert said["content"] == ""
        assert line["done"] is False
    assert rest[-1]["done"] is True


def test_a_silent_openai_stream_sends_comments(
    impatient: FlaskClient, fake: Fake
) -> None:
    fake.script({"say": "Hello!", "hold": "gate", "after": AFTER_THE_ROLE})

    body = asking(OPENAI, stream=True)
    answer = impatient.post(OPENAI, json=body, buffered=False)
    stream = iter(answer.response)
    alive = [next(stream), next(stream)]
    fake.release("gate")
    rest = b"".join(stream)
    answer.close()

    assert alive == [b": keep-alive\n\n"] * 2
    frames = [frame for frame in rest.split(b"\n\n") if frame.startswith(b"data: {")]
    chunks = [json.loads(frame[6:]) for frame in frames]
    assert chunks[0]["choices"][0]["delta"]["role"] == "assistant"
    assert delta_texts(chunks, "content") == "Hello!"


@pytest.mark.parametrize("path", [CHAT, GENERATE, OPENAI, COMPLETIONS, RESPONSES])
def test_a_failure_after_silence_is_a_mid_stream_error(
    impatient: FlaskClient, fake: Fake, path: str
) -> None:
    incidents = [
        {"hold": "gate", "after": AFTER_THE_ROLE},
        {"fault": "cut", "after": AFTER_THE_ROLE},
    ]
    fake.script({"say": "Hello!", "at": incidents})

    answer = impatient.post(path, json=asking(path, stream=True), buffered=False)
    stream = iter(answer.response)
    next(stream)
    fake.release("gate")
    rest = b"".join(stream)
    answer.close()

    assert answer.status_code == 200
    assert b"Cerebras' answer was cut short" in rest
    assert b'"done":true' not in rest
    assert b"[DONE]" not in rest


def test_a_silent_response_is_announced_and_kept_alive(
    impatient: FlaskClient, fake: Fake
) -> None:
    fake.script({"say": "Hello!", "hold": "gate", "after": AFTER_THE_ROLE})

    body = asking(RESPONSES, stream=True)
    answer = impatient.post(RESPONSES, json=body, buffered=False)
    stream = iter(answer.response)
    first, *alive = [next(stream) for _ in range(3)]
    fake.release("gate")
    rest = b"".join(stream)
    answer.close()

    assert first.startswith(b"event: response.created\n")
    assert alive == [b": keep-alive\n\n"] * 2
    assert b"event: response.completed\n" in rest


def test_silence_in_mid_stream_is_bridged_too(
    impatient: FlaskClient, fake: Fake
) -> None:
    fake.script({"say": "one two three", "delta_size": 4, "hold": "gate", "after": 3})

    answer = impatient.post(CHAT, json=asking(CHAT), buffered=False)
    stream = iter(answer.response)
    seen = []
    while not seen or json.loads(seen[-1].splitlines()[-1])["message"]["content"]:
        seen.append(next(stream))
    fake.release("gate")
    lines = [json.loads(line) for line in b"".join([*seen, *stream]).splitlines()]
    answer.close()

    assert "".join(line["message"]["content"] for line in lines) == "one two three"
