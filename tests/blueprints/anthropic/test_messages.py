"""`POST /v1/messages` and `/v1/messages/count_tokens`."""

import re
from typing import Any

import pytest
import zstandard
from flask.testing import FlaskClient

from app.wire import json_codec
from tests.apps import MakeClient
from tests.blueprints.client import (
    GPT,
    MESSAGES,
    MESSAGES_WEATHER,
    complete,
    post,
    request_body,
    upstream_request,
    user_message,
)
from tests.blueprints.readers import read_error, read_message_events
from tests.cerebras import Fake

COUNT_TOKENS = f"{MESSAGES}/count_tokens"


def test_whole_reply_has_the_shape_of_a_message(
    client: FlaskClient, fake: Fake
) -> None:
    fake.script({"reasoning": "Hm.", "content": "Good day."})

    body = complete(client, MESSAGES, model="gpt-oss:120b")

    assert re.fullmatch(r"msg_[a-z0-9]{24}", body.pop("id"))
    assert body.pop("usage").keys() == {"input_tokens", "output_tokens"}
    assert body == {
        "type": "message",
        "role": "assistant",
        "model": "gpt-oss:120b",
        "content": [
            {"type": "thinking", "thinking": "Hm."},
            {"type": "text", "text": "Good day."},
        ],
        "stop_reason": "end_turn",
        "stop_sequence": None,
    }


def test_stream_has_all_events_in_order(client: FlaskClient, fake: Fake) -> None:
    fake.script({"reasoning": "Hm.", "content": "Good day.", "delta_size": 99})

    response = post(client, MESSAGES, stream=True)

    events = read_message_events(response)
    block = ["content_block_start", "content_block_delta", "content_block_stop"]
    types = ["message_start", *block, *block, "message_delta", "message_stop"]
    assert [event["type"] for event in events] == types
    start = events[0]["message"]
    assert (start["content"], start["stop_reason"]) == ([], None)
    assert start["usage"]["output_tokens"] == 0
    assert events[-2]["usage"]["output_tokens"] > 0
    assert response.headers["Cache-Control"] == "no-cache"


@pytest.mark.parametrize("path", [f"{MESSAGES}?beta=true", f"{MESSAGES}/?beta=true"])
def test_query_and_headers_of_anthropics_client_are_accepted(
    client: FlaskClient, path: str
) -> None:
    headers = {
        "x-api-key": "sk-ant",
        "anthropic-version": "2023-06-01",
        "anthropic-beta": "interleaved-thinking-2025-05-14,x",
        "anthropic-dangerous-direct-browser-access": "true",
    }

    body = request_body(MESSAGES)
    response = client.post(path, json=body, headers=headers, follow_redirects=True)

    assert response.status_code == 200


def test_compressed_body_is_read(client: FlaskClient) -> None:
    body = zstandard.compress(json_codec.encode(request_body(MESSAGES)))

    response = client.post(MESSAGES, data=body, headers={"Content-Encoding": "zstd"})

    assert response.status_code == 200


@pytest.mark.parametrize(
    ("fields", "text"),
    [
        ({"model": " "}, "model is required"),
        ({"max_tokens": None}, "max_tokens is required and must be positive"),
        ({"messages": []}, "messages is required"),
        ({"messages": [{"role": "user"}]}, "unexpected end of JSON input"),
        ({"messages": [{"role": "user", "content": None}]}, "messages is required"),
        ({"model": None, "max_tokens": 0, "messages": []}, "model is required"),
    ],
)
def test_missing_field_returns_400(
    client: FlaskClient, fields: dict[str, Any], text: str
) -> None:
    response = post(client, MESSAGES, **fields)

    assert response.status_code == 400
    assert read_error(MESSAGES, response) == text


@pytest.mark.parametrize(("data", "text"), [(b"", "EOF"), (b"{", "unexpected EOF")])
def test_invalid_json_is_an_invalid_request_error(
    client: FlaskClient, data: bytes, text: str
) -> None:
    body = client.post(MESSAGES, data=data).get_json()

    assert body["error"] == {"type": "invalid_request_error", "message": text}
    assert re.fullmatch(r"req_[0-9a-f]{24}", body["request_id"])


def test_tools_for_a_model_without_them_return_400(make_client: MakeClient) -> None:
    client = make_client(models=[{"id": "old", "capabilities": {"tools": False}}])

    response = post(client, MESSAGES, model="old", tools=[MESSAGES_WEATHER])

    assert response.status_code == 400
    assert "does not support tools" in read_error(MESSAGES, response)


def test_server_tools_are_left_out_and_logged(
    client: FlaskClient, fake: Fake, app_log: pytest.LogCaptureFixture
) -> None:
    search = {"type": "web_search_20250305", "name": "web_search", "max_uses": 8}
    choice = {"type": "tool", "name": "web_search"}

    body = complete(client, MESSAGES, tools=[search], tool_choice=choice)

    assert body["stop_reason"] == "end_turn"
    assert not {"tools", "tool_choice"} & set(upstream_request(fake))
    assert "web_search" in app_log.text


@pytest.mark.parametrize("stream", [True, False], ids=["stream", "whole"])
def test_stop_sequence_is_named(client: FlaskClient, fake: Fake, stream: bool) -> None:
    fake.script({"content": "one two END three"})
    stop_sequences = ["a1", "b2", "c3", "d4", "END"]

    response = post(client, MESSAGES, stream=stream, stop_sequences=stop_sequences)

    bodies = read_message_events(response)[-2:-1] if stream else [response.get_json()]
    end = bodies[0].get("delta", bodies[0])
    assert (end["stop_reason"], end["stop_sequence"]) == ("stop_sequence", "END")


def test_count_tokens_takes_any_model_name(client: FlaskClient, fake: Fake) -> None:
    body = {"model": "claude-x", "messages": [user_message("x" * 36)]}

    response = client.post(
        f"{COUNT_TOKENS}?beta=true", json={**body, "system": "y" * 40}
    )

    assert response.get_json() == {"input_tokens": 20}
    assert not fake.inference_requests()


def test_count_tokens_without_messages_returns_400(client: FlaskClient) -> None:
    response = client.post(COUNT_TOKENS, json={"model": GPT})

    assert response.status_code == 400
    assert read_error(COUNT_TOKENS, response) == "messages is required"
