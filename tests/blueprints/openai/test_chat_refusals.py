"""What `/v1/chat/completions` refuses, and the pictures that it takes."""

from __future__ import annotations

from typing import Any

import pytest
from flask.testing import FlaskClient

from tests.blueprints.openai.completing import message, refusal, shown
from tests.blueprints.talking import GPT, OPENAI, QWEN, asking, picture, sent
from tests.cerebras import Fake


def test_an_unknown_effort_is_refused(client: FlaskClient) -> None:
    text = refusal(client, reasoning_effort="huge")

    assert text.startswith('invalid reasoning value: "huge" (must be ')


@pytest.mark.parametrize(
    ("body", "text"),
    [
        ({"messages": []}, "[] is too short - 'messages'"),
        ({"messages": [{"role": "user"}]}, "invalid message content type: <nil>"),
        (
            {"messages": [{"role": "user", "content": 5}]},
            "invalid message content type: float64",
        ),
        (
            {"messages": [{"role": "user", "content": [{"type": "video"}]}]},
            "invalid message format",
        ),
        (
            {
                "messages": [
                    {
                        "role": "assistant",
                        "tool_calls": [{"function": {"name": "f", "arguments": "x"}}],
                    }
                ]
            },
            "invalid tool call arguments",
        ),
        (
            {"messages": [shown("https://x.example/a.png")]},
            "image URLs are not currently supported, "
            "please use base64 encoded data instead",
        ),
        ({"messages": [shown("data:image/gif;base64,AAAA")]}, "invalid image input"),
        ({"model": ""}, "model is required"),
        ({"model": "a b"}, "invalid model name"),
        ({"top_logprobs": 21}, "top_logprobs must be between 0 and 20"),
    ],
)
@pytest.mark.parametrize("streamed", [True, False])
def test_what_is_refused(
    client: FlaskClient, body: dict[str, Any], text: str, streamed: bool
) -> None:
    assert refusal(client, **body, stream=streamed) == text


@pytest.mark.parametrize("kind", ["png", "jpeg", "webp"])
def test_pictures_are_seen(client: FlaskClient, fake: Fake, kind: str) -> None:
    url = f"data:image/{kind};base64,{picture(kind)}"

    said = message(client, model=QWEN, messages=[shown(url, detail="low")])

    seen = "PNG" if kind == "png" else "JPEG"
    assert f"I see a {seen} picture of 3 × 2 pixels." in said["content"]
    assert sent(fake)["messages"][0]["content"][0]["text"] == "Look."


def test_a_blind_model_refuses_pictures(client: FlaskClient, fake: Fake) -> None:
    url = f"data:image/png;base64,{picture('PNG')}"

    text = refusal(client, messages=[shown(url)])

    assert text == f'"{GPT}" does not support vision'
    assert fake.inference_requests() == []


def test_an_unknown_model_is_not_found(client: FlaskClient) -> None:
    answer = client.post(OPENAI, json=asking(OPENAI, model="zz", stream=True))

    assert (answer.status_code, answer.content_type) == (404, "application/json")
    assert answer.get_json()["error"] == {
        "message": "model 'zz' not found",
        "type": "not_found_error",
        "param": None,
        "code": None,
    }
