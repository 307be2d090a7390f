"""A model that is overloaded or gone is stood in for, in every dialect."""

from __future__ import annotations

from typing import Any

import pytest
from flask.testing import FlaskClient

from tests.apps import MakeClient
from tests.blueprints.talking import (
    CHAT,
    COMPLETIONS,
    GENERATE,
    GPT,
    OPENAI,
    QWEN,
    RESPONSES,
    asking,
    lines,
)
from tests.cerebras import Fake

PATHS = (CHAT, GENERATE, OPENAI, COMPLETIONS, RESPONSES)
everywhere = pytest.mark.parametrize("path", PATHS)
both_ways = pytest.mark.parametrize("stream", [True, False], ids=["stream", "whole"])
BUSY = {"status": 503, "headers": {"retry-after": "9"}}
OVERLOADED = [
    BUSY,
    {"error": "queue_exceeded", "headers": {"retry-after": "9"}},
    {"status": 503, "body": {"message": "no", "code": "queue_exceeded"}},
    {"error": "model_not_found"},
]
PIXEL = (
    "iVBORw0KGgoAAAANSUhEUgAAAAEAAAABCAYAAAAfFcSJAAAADUlEQVR4nGP4z8DwHwAFAAH/iZk9HQAA"
    "AABJRU5ErkJggg=="
)


@pytest.fixture
def client(make_client: MakeClient) -> FlaskClient:
    return make_client(FALLBACK_MODELS=f"never-served,{QWEN},{GPT}", RETRY_WAIT_S="20")


def models_asked(fake: Fake) -> list[str]:
    return [each["body"]["model"] for each in fake.inference_requests()]


@everywhere
@both_ways
@pytest.mark.parametrize("script", OVERLOADED, ids=str)
def test_another_model_answers_at_once(
    client: FlaskClient, fake: Fake, path: str, stream: bool, script: dict[str, Any]
) -> None:
    fake.script(script)

    answer = client.post(path, json=asking(path, model=GPT, stream=stream))

    assert answer.status_code == 200
    assert answer.text
    assert models_asked(fake) == [GPT, QWEN]


@both_ways
def test_the_name_is_echoed_and_who_answered_is_told(
    client: FlaskClient, fake: Fake, stream: bool
) -> None:
    fake.script(BUSY)

    answer = client.post(CHAT, json=asking(CHAT, model="gpt-oss:120b", stream=stream))

    said = lines(answer) if stream else [answer.get_json()]
    assert {each["model"] for each in said} == {"gpt-oss:120b"}
    assert {each["remote_model"] for each in said} == {QWEN}


def test_the_request_is_made_anew_for_the_other_model(
    client: FlaskClient, fake: Fake
) -> None:
    fake.script(BUSY)

    client.post(CHAT, json={**asking(CHAT, model=GPT), "think": False})

    efforts = [each["body"]["reasoning_effort"] for each in fake.inference_requests()]
    assert efforts == ["low", "none"]


def test_one_that_cannot_see_does_not_stand_in_for_one_that_can(
    make_client: MakeClient, fake: Fake
) -> None:
    client = make_client(FALLBACK_MODELS=GPT)
    message = {"role": "user", "content": "look", "images": [PIXEL]}
    fake.script(BUSY)

    answer = client.post(CHAT, json={"model": QWEN, "messages": [message]})

    assert answer.status_code == 503
    assert answer.headers["Retry-After"] == "9"
    assert models_asked(fake) == [QWEN]


@pytest.mark.parametrize(
    ("scripts", "status"),
    [
        ([BUSY, BUSY], 503),
        ([BUSY, {"error": "model_not_found"}], 503),
        ([{"error": "model_not_found"}, BUSY], 503),
        ([{"error": "model_not_found"}] * 2, 404),
    ],
    ids=["both busy", "busy, gone", "gone, busy", "both gone"],
)
def test_when_none_answers_a_busy_one_is_told_before_one_that_is_gone(
    make_client: MakeClient, fake: Fake, scripts: list[dict[str, Any]], status: int
) -> None:
    client = make_client(FALLBACK_MODELS=QWEN)
    for script in scripts:
        fake.script(script)

    answer = client.post(CHAT, json=asking(CHAT, model=GPT))

    assert answer.status_code == status
    assert models_asked(fake) == [GPT, QWEN]
    if status == 404:
        assert answer.get_json() == {"error": f"model '{GPT}' not found"}


@pytest.mark.parametrize("stream", [True, False], ids=["stream", "whole"])
def test_a_model_that_is_no_longer_served_is_stood_in_for(
    make_client: MakeClient, fake: Fake, stream: bool
) -> None:
    client = make_client(
        models=[{"id": GPT}], FALLBACK_MODELS=GPT, CAI_MODEL="llama3.1-8b"
    )

    for name in (QWEN, "unknown"):
        fake.script({"error": "model_not_found"})
        answer = client.post(CHAT, json=asking(CHAT, model=name, stream=stream))

        assert answer.status_code == 200
        said = lines(answer)[-1] if stream else answer.get_json()
        assert (said["model"], said["remote_model"]) == (name, GPT)


@pytest.mark.parametrize(
    "script", [{"status": 429}, {"status": 500}, {"status": 402}, {"fault": "cut"}]
)
def test_other_failures_are_no_reason(
    make_client: MakeClient, fake: Fake, script: dict[str, Any]
) -> None:
    client = make_client(FALLBACK_MODELS=QWEN)
    fake.script(script, times=2)

    assert client.post(CHAT, json=asking(CHAT, model=GPT)).status_code > 400
    assert set(models_asked(fake)) == {GPT}
