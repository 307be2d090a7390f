"""`POST /v1/completions`."""

from typing import Any

import pytest
from flask.testing import FlaskClient

from tests.blueprints.client import (
    COMPLETIONS,
    GPT,
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
