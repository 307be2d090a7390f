"""`POST /v1/completions`."""

from __future__ import annotations

from typing import Any

import pytest
from flask.testing import FlaskClient

from tests.blueprints.client import (
    COMPLETIONS,
    GPT,
    QWEN,
    Object,
    complete,
    post,
)
from tests.blueprints.readers import read_chunks, read_error
from tests.cerebras import Fake

INSERT = f"registry.ollama.ai/library/{GPT}:latest does not support insert"
both_ways = pytest.mark.parametrize("streamed", [True, False], ids=["stream", "whole"])


def complete_choice(client: FlaskClient, **fields: Any) -> Object:
    """Return the only choice of a whole reply."""
    [choice] = complete(client, COMPLETIONS, **fields)["choices"]
    return dict(choice)


def stream(client: FlaskClient, **fields: Any) -> list[Object]:
    return read_chunks(post(client, COMPLETIONS, stream=True, **fields))


def test_stream_ends_with_reason_and_usage(client: FlaskClient, fake: Fake) -> None:
    fake.script({"reasoning": "Hm.", "content": "Good day to you all."})

    chunks = stream(client, stream_options={"include_usage": True})

    *texts, last, usage = chunks
    assert "".join(c["choices"][0]["text"] for c in texts) == "Good day to you all."
    assert last["choices"][0] == {"text": "", "index": 0, "finish_reason": "stop"}
    assert usage["usage"]["completion_tokens"] > 0
    assert len({chunk["id"] for chunk in chunks}) == 1


def test_echo_puts_the_prompt_first(client: FlaskClient, fake: Fake) -> None:
    fake.script({"content": " world"}, times=2)

    whole = complete_choice(client, echo=True)["text"]
    streamed = stream(client, echo=True)

    assert whole == "hello world"
    assert "".join(chunk["choices"][0]["text"] for chunk in streamed) == whole


@both_ways
def test_logprobs_are_parallel_lists(client: FlaskClient, streamed: bool) -> None:
    fields = {"model": QWEN, "logprobs": 2, "max_tokens": 200}
    if streamed:
        choices = [chunk["choices"][0] for chunk in stream(client, **fields)]
    else:
        choices = [complete_choice(client, **fields)]

    text = "".join(choice["text"] for choice in choices)
    lists = [choice["logprobs"] for choice in choices if "logprobs" in choice]
    tokens = [token for each in lists for token in each["tokens"]]
    offsets = [offset for each in lists for offset in each["text_offset"]]
    assert "".join(tokens) == text
    assert all(
        text.startswith(token, offset)
        for token, offset in zip(tokens, offsets, strict=True)
    )
    assert all(len(top) == 2 for each in lists for top in each["top_logprobs"])


@both_ways
@pytest.mark.parametrize("prompt", ["", None])
def test_empty_prompt_loads_the_model(
    client: FlaskClient, fake: Fake, streamed: bool, prompt: str | None
) -> None:
    if streamed:
        [chunk] = stream(client, prompt=prompt)
        choice = chunk["choices"][0]
    else:
        choice = complete_choice(client, prompt=prompt)

    assert choice == {"text": "", "index": 0, "finish_reason": "load"}
    assert fake.inference_requests() == []


@pytest.mark.parametrize(
    ("fields", "status", "text"),
    [
        ({"model": ""}, 404, "model '' not found"),
        ({"model": "gpt-5"}, 404, "model 'gpt-5' not found"),
        ({"suffix": "}"}, 400, INSERT),
        ({"logprobs": 21}, 400, "top_logprobs must be between 0 and 20"),
        ({"stop": [1]}, 400, "invalid type for 'stop' field: float64"),
        (
            {"prompt": ["a", "b"]},
            400,
            "json: cannot unmarshal array into Go struct field "
            "CompletionRequest.prompt of type string",
        ),
    ],
)
def test_invalid_request_gets_the_status_and_text_of_ollama(
    client: FlaskClient, fields: dict[str, Any], status: int, text: str
) -> None:
    response = post(client, COMPLETIONS, **fields)

    assert (response.status_code, read_error(COMPLETIONS, response)) == (status, text)
