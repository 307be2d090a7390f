"""Pulling before use, as the official Python client does it.

Home Assistant, Spring AI and Codex do so for a name that they do not find listed.
"""

from __future__ import annotations

import asyncio
from collections.abc import Iterator

import ollama
import pytest
from ollama import Client, ResponseError

from tests.dropin.upstream import GPT
from tests.live_server import Server

NO_MANIFEST = "pull model manifest: file does not exist"


@pytest.fixture
def client(server: Server) -> Iterator[Client]:
    with Client(server.url, trust_env=False) as client:
        yield client


@pytest.mark.parametrize("name", [GPT, "gpt-oss:120b", f"{GPT}:latest"])
def test_a_pull_ends_in_success(client: Client, name: str) -> None:
    assert client.pull(name).status == "success"


def test_a_progress_bar_fills(client: Client) -> None:
    lines = list(client.pull(GPT, stream=True))

    layers = {line.digest: line for line in lines if line.digest}
    assert [(line.completed, line.total) for line in layers.values()] == [
        (line.total, line.total) for line in layers.values()
    ]
    assert layers
    assert lines[-1].status == "success"


def test_a_pull_without_waiting_for_lines(server: Server) -> None:
    async def pull() -> str | None:
        async with ollama.AsyncClient(server.url, trust_env=False) as client:
            return (await client.pull(GPT)).status

    assert asyncio.run(pull()) == "success"


def test_an_unknown_model_is_told_before_and_in_a_stream(client: Client) -> None:
    with pytest.raises(ResponseError, match=f"^{NO_MANIFEST}") as whole:
        client.pull("nope")
    with pytest.raises(ResponseError, match=f"^{NO_MANIFEST}") as streamed:
        list(client.pull("nope", stream=True))

    assert whole.value.status_code == 500
    assert streamed.value.status_code == -1


def test_a_push_tells_why_it_fails(client: Client) -> None:
    with pytest.raises(ResponseError, match="^models that run on Cerebras") as whole:
        client.push(GPT)
    with pytest.raises(ResponseError, match="^models that run on Cerebras"):
        list(client.push(GPT, stream=True))

    assert whole.value.status_code == 500
