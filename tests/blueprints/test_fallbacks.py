"""A fallback model answers when a model is overloaded or gone, in every dialect."""

from typing import Any

import pytest
from flask.testing import FlaskClient

from tests.apps import MakeClient
from tests.blueprints.client import (
    CHAT,
    GPT,
    INFERENCE_PATHS,
    QWEN,
    encode_image,
    post,
    user_message,
)
from tests.blueprints.readers import read_lines
from tests.cerebras import Fake

BUSY = {"status": 503, "headers": {"retry-after": "9"}}
GONE = {"error": "model_not_found"}
OVERLOADED = [
    BUSY,
    {"error": "queue_exceeded", "headers": {"retry-after": "9"}},
    {"status": 503, "body": {"message": "no", "code": "queue_exceeded"}},
    GONE,
]
both_ways = pytest.mark.parametrize("stream", [True, False], ids=["stream", "whole"])


@pytest.fixture
def client(make_client: MakeClient) -> FlaskClient:
    return make_client(FALLBACK_MODELS=f"never-served,{QWEN},{GPT}", RETRY_WAIT_S="20")


def requested_models(fake: Fake) -> list[str]:
    return [record["body"]["model"] for record in fake.inference_requests()]


@pytest.mark.parametrize("path", INFERENCE_PATHS)
@both_ways
@pytest.mark.parametrize("script", OVERLOADED, ids=str)
def test_fallback_model_answers_at_once(
    client: FlaskClient, fake: Fake, path: str, stream: bool, script: dict[str, Any]
) -> None:
    fake.script(script)

    response = post(client, path, stream=stream)

    assert response.status_code == 200
    assert response.text
    assert requested_models(fake) == [GPT, QWEN]


@both_ways
def test_reply_has_the_requested_name_and_the_fallback_as_remote_model(
    client: FlaskClient, fake: Fake, stream: bool
) -> None:
    fake.script(BUSY)

    lines = read_lines(post(client, CHAT, model="gpt-oss:120b", stream=stream))

    assert {line["model"] for line in lines} == {"gpt-oss:120b"}
    assert {line["remote_model"] for line in lines} == {QWEN}


def test_request_is_translated_anew_for_the_fallback(
    client: FlaskClient, fake: Fake
) -> None:
    fake.script(BUSY)

    post(client, CHAT, think=False)

    efforts = [each["body"]["reasoning_effort"] for each in fake.inference_requests()]
    assert efforts == ["low", "none"]


def test_model_without_vision_is_no_fallback_for_images(
    make_client: MakeClient, fake: Fake
) -> None:
    client = make_client(FALLBACK_MODELS=GPT)
    message = {**user_message("look"), "images": [encode_image("PNG")]}
    fake.script(BUSY)

    response = post(client, CHAT, model=QWEN, messages=[message])

    assert response.status_code == 503
    assert response.headers["Retry-After"] == "9"
    assert requested_models(fake) == [QWEN]


@pytest.mark.parametrize(
    ("scripts", "status"),
    [([BUSY, BUSY], 503), ([BUSY, GONE], 503), ([GONE, BUSY], 503), ([GONE] * 2, 404)],
    ids=["both busy", "busy, gone", "gone, busy", "both gone"],
)
def test_busy_is_reported_rather_than_gone(
    make_client: MakeClient, fake: Fake, scripts: list[dict[str, Any]], status: int
) -> None:
    client = make_client(FALLBACK_MODELS=QWEN)
    for script in scripts:
        fake.script(script)

    response = post(client, CHAT)

    assert response.status_code == status
    assert requested_models(fake) == [GPT, QWEN]
    if status == 404:
        assert response.get_json() == {"error": f"model '{GPT}' not found"}


@both_ways
def test_fallback_answers_for_models_that_are_no_longer_served(
    make_client: MakeClient, fake: Fake, stream: bool
) -> None:
    client = make_client(
        models=[{"id": GPT}], FALLBACK_MODELS=GPT, CAI_MODEL="llama3.1-8b"
    )

    for name in (QWEN, "unknown"):
        fake.script(GONE)
        last = read_lines(post(client, CHAT, model=name, stream=stream))[-1]

        assert (last["model"], last["remote_model"]) == (name, GPT)


@pytest.mark.parametrize(
    "script", [{"status": 429}, {"status": 500}, {"status": 402}, {"fault": "cut"}]
)
def test_other_failures_use_no_fallback(
    make_client: MakeClient, fake: Fake, script: dict[str, Any]
) -> None:
    client = make_client(FALLBACK_MODELS=QWEN)
    fake.script(script, times=2)

    assert post(client, CHAT).status_code > 400
    assert set(requested_models(fake)) == {GPT}
