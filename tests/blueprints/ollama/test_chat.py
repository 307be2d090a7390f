"""`POST /api/chat`."""

import json
from typing import Any

import pytest
from flask.testing import FlaskClient

from tests.apps import MakeClient
from tests.blueprints.client import (
    CHAT,
    QWEN,
    WEATHER,
    Object,
    complete,
    encode_image,
    post,
    upstream_request,
    user_message,
)
from tests.blueprints.readers import join_lines, read_lines
from tests.cerebras import Fake

IMAGE_LIMIT = f'"{QWEN}" takes at most 5 images in one request, this one has 6'


def chat(client: FlaskClient, **fields: Any) -> Object:
    """Return the message of a whole reply."""
    message: Object = complete(client, CHAT, **fields)["message"]
    return message


def test_option_without_effect_is_logged_once_and_cut(
    client: FlaskClient, app_log: pytest.LogCaptureFixture
) -> None:
    for _ in range(3):
        chat(client, options={"an_option\n" + "x" * 1000: 1})

    [line] = [line for line in app_log.messages if "an_option" in line]
    assert len(line) < 120
    assert "\n" not in line


def test_json_is_streamed_in_several_lines(client: FlaskClient, fake: Fake) -> None:
    fake.script({"reasoning": "An object.", "content": '{"a": 1, "b": [true, false]}'})

    lines = read_lines(post(client, CHAT, format="json"))

    contents = [line["message"]["content"] for line in lines]
    assert sum(1 for content in contents if content) > 1
    assert "".join(contents) == '{"a": 1, "b": [true, false]}'
    assert join_lines(lines, "thinking") == "An object."


@pytest.mark.parametrize(("num_predict", "limit"), [(-1, 55), (9, 9)])
def test_num_predict_is_the_token_limit_unless_negative(
    make_client: MakeClient, fake: Fake, num_predict: int, limit: int
) -> None:
    client = make_client(DEFAULT_NUM_PREDICT="55")

    chat(client, options={"num_predict": num_predict})

    assert upstream_request(fake)["max_completion_tokens"] == limit


def test_debug_render_only_shows_the_fitted_request(
    client: FlaskClient, fake: Fake
) -> None:
    message = {**user_message("Look."), "images": [encode_image("PNG")] * 2}
    fields = {"model": QWEN, "think": "max", "_debug_render_only": True}

    body = post(client, CHAT, messages=[message], **fields).get_json()

    request = json.loads(body["_debug_info"]["rendered_template"])
    assert body["_debug_info"]["image_count"] == 2
    assert (body["message"], body["done"]) == ({"role": "", "content": ""}, False)
    assert (request["model"], request["reasoning_effort"]) == (QWEN, "high")
    assert fake.inference_requests() == []


@pytest.mark.parametrize("kind", ["PNG", "JPEG", "GIF", "WEBP"])
def test_image_of_any_type_is_sent(client: FlaskClient, kind: str) -> None:
    message = {**user_message("Look."), "images": [encode_image(kind)]}

    content = chat(client, model=QWEN, messages=[message])["content"]

    sent_type = "PNG" if kind == "PNG" else "JPEG"
    assert f"I see a {sent_type} picture of 3 × 2 pixels." in content


@pytest.mark.parametrize(
    ("images", "text"),
    [
        ([encode_image("PNG")] * 6, IMAGE_LIMIT),
        ([encode_image("GIF")[:40]] * 6, IMAGE_LIMIT),
        (["AAAA"], "an image is of an unknown type"),
        ([encode_image("GIF")[:40]], "a GIF image is damaged or cut short"),
    ],
    ids=["too many", "counted before conversion", "unknown type", "damaged"],
)
@pytest.mark.parametrize("stream", [True, False])
def test_invalid_images_return_400(
    client: FlaskClient, fake: Fake, images: list[str], text: str, stream: bool
) -> None:
    message = {**user_message("Look."), "images": images}

    response = post(client, CHAT, model=QWEN, messages=[message], stream=stream)

    assert response.status_code == 400
    assert response.get_json()["error"].startswith(text)
    assert fake.inference_requests() == []


@pytest.mark.parametrize("stream", [True, False])
def test_unreadable_call_is_an_error(
    client: FlaskClient, fake: Fake, stream: bool
) -> None:
    fake.script({"tool_calls": [{"name": "now", "arguments": '{"a": '}]})

    response = post(client, CHAT, tools=[WEATHER], stream=stream)

    assert "cannot be read" in response.text
    assert '"done":true' not in response.text
