"""How failures reach users of the official Python client."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any

import pytest
from ollama import Client, ResponseError

from tests.cerebras import Fake
from tests.dropin.pictures import picture
from tests.dropin.upstream import GPT, LATER, failing_midway
from tests.live_server import Server

HELLO = [{"role": "user", "content": "Hello"}]


@pytest.fixture
def client(server: Server) -> Iterator[Client]:
    with Client(server.url, trust_env=False) as client:
        yield client


Call = Callable[[Client], Any]
REFUSED: dict[str, tuple[Call, int, str]] = {
    "an unknown model in chat": (
        lambda client: client.chat("llama9", HELLO),
        404,
        "model 'llama9' not found",
    ),
    "an unknown model in a stream": (
        lambda client: list(client.generate("llama9", "Hi", stream=True)),
        404,
        "model 'llama9' not found",
    ),
    "an unknown model in show": (
        lambda client: client.show("llama9"),
        404,
        "model 'llama9:latest' not found",
    ),
    "a suffix": (
        lambda client: client.generate(GPT, "def f(", suffix="return"),
        400,
        f"registry.ollama.ai/library/{GPT}:latest does not support insert",
    ),
    "a bad option": (
        lambda client: client.chat(GPT, HELLO, options={"temperature": "hot"}),
        400,
        'option "temperature" must be of type float32',
    ),
    "a picture for a model without eyes": (
        lambda client: client.generate(GPT, "What?", images=[picture("PNG")]),
        400,
        f'"{GPT}" does not support vision',
    ),
    "no such endpoint": (
        lambda client: client.systemone(
            GPT, "x", {"q": {"type": "noul", "instructions": "?"}}
        ),
        404,
        "404 page not found",
    ),
}


@pytest.mark.parametrize(("call", "status", "text"), REFUSED.values(), ids=REFUSED)
def test_a_refusal_is_a_response_error(
    client: Client, call: Call, status: int, text: str
) -> None:
    with pytest.raises(ResponseError) as refusal:
        call(client)

    assert (refusal.value.status_code, refusal.value.error) == (status, text)
    assert client.list().models  # the connection is still good


@pytest.mark.parametrize("stream", [False, True])
@pytest.mark.parametrize(
    ("script", "status", "text"),
    [
        ({"status": 429, "headers": LATER}, 429, "Requests per minute limit exceeded"),
        ({"status": 503, "headers": LATER}, 503, "busy"),
        ({"status": 401}, 502, "CEREBRAS_API_KEY"),
        ({"status": 402}, 402, "Payment required"),
    ],
)
def test_a_failure_before_the_first_byte_keeps_its_status(
    client: Client,
    fake: Fake,
    script: dict[str, Any],
    status: int,
    text: str,
    stream: bool,
) -> None:
    fake.script(script)

    with pytest.raises(ResponseError, match=text) as failure:
        reply = client.chat(GPT, HELLO, stream=stream)
        list(reply)

    assert failure.value.status_code == status


@pytest.mark.parametrize("fault", ["in_stream_error", "cut", "garbage"])
def test_a_failure_in_mid_stream_is_raised(
    client: Client, fake: Fake, fault: str
) -> None:
    fake.script(failing_midway(fault))
    told = []

    with pytest.raises(ResponseError, match="Cerebras"):
        for part in client.chat(GPT, HELLO, stream=True):
            told.append(part)

    assert told
    assert not any(part.done for part in told)
    assert client.chat(GPT, HELLO).done  # the connection is still good
