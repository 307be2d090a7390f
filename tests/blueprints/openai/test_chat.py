"""`POST /v1/chat/completions`."""

import re
from typing import Any

import pytest
from flask.testing import FlaskClient

from tests.blueprints.client import (
    OPENAI,
    WEATHER,
    Object,
    complete,
    post,
    upstream_request,
)
from tests.blueprints.readers import (
    join_deltas,
    read_chunks,
    read_error,
    read_events,
)
from tests.cerebras import Fake

HEAD = ["id", "object", "created", "model", "system_fingerprint"]
USAGE = ["prompt_tokens", "completion_tokens", "total_tokens"]


def chat(client: FlaskClient, **fields: Any) -> Object:
    """Return the message of a whole reply."""
    message: Object = complete(client, OPENAI, **fields)["choices"][0]["message"]
    return message


def stream(client: FlaskClient, **fields: Any) -> list[Object]:
    return read_chunks(post(client, OPENAI, stream=True, **fields))


def image_message(url: Any) -> Object:
    image = {"type": "image_url", "image_url": {"url": url, "detail": "low"}}
    return {"role": "user", "content": [{"type": "text", "text": "Look."}, image]}


def test_whole_reply_has_the_shape_of_ollamas(client: FlaskClient, fake: Fake) -> None:
    fake.script({"reasoning": "Hm.", "content": "Good day."})

    body = complete(client, OPENAI, model="gpt-oss:120b")

    assert list(body) == [*HEAD, "choices", "usage"]
    assert re.fullmatch(r"chatcmpl-[a-z0-9]{24}", body["id"])
    assert body["object"] == "chat.completion"
    assert body["model"] == "gpt-oss:120b"
    assert body["choices"] == [
        {
            "index": 0,
            "message": {
                "role": "assistant",
                "content": "Good day.",
                "reasoning": "Hm.",
            },
            "finish_reason": "stop",
        }
    ]
    assert list(body["usage"]) == USAGE
    assert body["usage"]["total_tokens"] == sum(body["usage"][key] for key in USAGE[:2])


def test_stream_has_the_shape_of_ollamas(client: FlaskClient, fake: Fake) -> None:
    fake.script({"reasoning": "Let me see now.", "content": "Good day to you."})

    chunks = stream(client)

    heads = {(chunk["id"], chunk["created"], chunk["object"]) for chunk in chunks}
    assert len(heads) == 1
    assert heads.pop()[2] == "chat.completion.chunk"
    assert all(list(chunk) == [*HEAD, "choices"] for chunk in chunks)
    deltas = [chunk["choices"][0]["delta"] for chunk in chunks]
    assert join_deltas(chunks, "reasoning") == "Let me see now."
    assert join_deltas(chunks, "content") == "Good day to you."
    assert all("content" in delta for delta in deltas[:-1])
    assert deltas[-1] == {}


def test_nothing_follows_the_end_of_a_stream(client: FlaskClient, fake: Fake) -> None:
    fake.script({"content": "Good day.", "extras": ["usage_chunk", "comments"]})

    events = read_events(post(client, OPENAI, stream=True))

    assert events.index("[DONE]") == len(events) - 1


@pytest.mark.parametrize("choice", ["none", "auto", "required"])
def test_tool_choice_is_honoured(client: FlaskClient, fake: Fake, choice: str) -> None:
    message = chat(client, tools=[WEATHER], tool_choice=choice)

    assert upstream_request(fake)["tool_choice"] == choice
    assert ("tool_calls" in message) == (choice == "required")


@pytest.mark.parametrize(
    ("fields", "text"),
    [
        ({"messages": [{"role": "user"}]}, "invalid message content type: <nil>"),
        (
            {"messages": [image_message("https://x.example/a.png")]},
            "image URLs are not currently supported, "
            "please use base64 encoded data instead",
        ),
        (
            {"messages": [image_message("data:image/gif;base64,AAAA")]},
            "invalid image input",
        ),
        ({"model": ""}, "model is required"),
        ({"model": "a b"}, "invalid model name"),
        ({"top_logprobs": 21}, "top_logprobs must be between 0 and 20"),
    ],
)
@pytest.mark.parametrize("streamed", [True, False])
def test_invalid_request_returns_400(
    client: FlaskClient, fields: dict[str, Any], text: str, streamed: bool
) -> None:
    response = post(client, OPENAI, stream=streamed, **fields)

    assert response.status_code == 400
    assert response.get_json()["error"]["type"] == "invalid_request_error"
    assert read_error(OPENAI, response) == text


def test_unknown_model_returns_404(client: FlaskClient) -> None:
    response = post(client, OPENAI, model="zz", stream=True)

    assert (response.status_code, response.content_type) == (404, "application/json")
    assert response.get_json()["error"] == {
        "message": "model 'zz' not found",
        "type": "not_found_error",
        "param": None,
        "code": None,
    }
