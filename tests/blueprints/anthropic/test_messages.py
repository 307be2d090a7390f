"""`POST /v1/messages` and `/v1/messages/count_tokens`."""

import re

import pytest
from flask.testing import FlaskClient

from tests.blueprints.client import (
    GPT,
    MESSAGES,
    complete,
    post,
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


@pytest.mark.parametrize(("data", "text"), [(b"", "EOF"), (b"{", "unexpected EOF")])
def test_invalid_json_is_an_invalid_request_error(
    client: FlaskClient, data: bytes, text: str
) -> None:
    body = client.post(MESSAGES, data=data).get_json()

    assert body["error"] == {"type": "invalid_request_error", "message": text}
    assert re.fullmatch(r"req_[0-9a-f]{24}", body["request_id"])


def test_server_tools_are_left_out_and_logged(
    client: FlaskClient, fake: Fake, app_log: pytest.LogCaptureFixture
) -> None:
    search = {"type": "web_search_20250305", "name": "web_search", "max_uses": 8}
    choice = {"type": "tool", "name": "web_search"}

    body = complete(client, MESSAGES, tools=[search], tool_choice=choice)

    assert body["stop_reason"] == "end_turn"
    assert not {"tools", "tool_choice"} & set(upstream_request(fake))
    assert "web_search" in app_log.text


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
