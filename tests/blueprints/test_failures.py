"""What goes wrong upstream, told in each dialect: by status, or in mid-stream."""

from __future__ import annotations

from typing import Any

import pytest
from flask.testing import FlaskClient
from werkzeug.test import TestResponse

from tests.apps import MakeClient
from tests.blueprints.hearing import FAILED, hear
from tests.blueprints.talking import (
    CHAT,
    COMPLETIONS,
    GENERATE,
    GPT,
    MESSAGES,
    OPENAI,
    RESPONSES,
    asking,
)
from tests.cerebras import Fake
from tests.upstream.faults import ERROR_RESPONSES, PAGE, ErrorResponse

AFTER_THE_ROLE = 1
LONG = "word " * 40
ROOT = "/chat/completions"
NATIVE = (CHAT, GENERATE)
DIALECT = (OPENAI, ROOT, COMPLETIONS, RESPONSES)
everywhere = pytest.mark.parametrize("path", [*NATIVE, *DIALECT, MESSAGES])
both_ways = pytest.mark.parametrize("stream", [True, False], ids=["stream", "whole"])

MODEL_GONE = ErrorResponse(
    {"error": "model_not_found"}, 404, "model 'gpt-oss:120b' not found"
)
FAILURES = {**ERROR_RESPONSES, "model gone": MODEL_GONE}

OPENAI_TYPES = {400: "invalid_request_error", 404: "not_found_error"}
TOO_LONG = "prompt is too long: 136333 tokens > 131072 maximum. "  # in their words
ANTHROPIC_TYPES = {
    **OPENAI_TYPES,
    429: "rate_limit_error",
    503: "overloaded_error",
}


def told(answer: TestResponse, path: str) -> str:
    """The text of an error that has the dialect's shape."""
    body = answer.get_json()
    if path in NATIVE:
        assert list(body) == ["error"]
        return str(body["error"])
    error = dict(body["error"])
    message = str(error.pop("message"))
    if path == MESSAGES:
        kind = ANTHROPIC_TYPES.get(answer.status_code, "api_error")
        assert (body["type"], error) == ("error", {"type": kind})
        assert body["request_id"].startswith("req_")
        return message.removeprefix(TOO_LONG)
    assert list(body) == ["error"]
    kind = OPENAI_TYPES.get(answer.status_code, "api_error")
    assert error == {"type": kind, "param": None, "code": None}
    return message


@everywhere
@both_ways
@pytest.mark.parametrize("failure", FAILURES)
def test_a_failure_before_the_first_word_is_a_status(
    client: FlaskClient, fake: Fake, path: str, stream: bool, failure: str
) -> None:
    script, status, text, retry_after = FAILURES[failure]
    fake.script(script, times=2)  # a stale connection is free to try again

    answer = client.post(path, json=asking(path, model="gpt-oss:120b", stream=stream))

    assert (answer.status_code, told(answer, path)) == (status, text)
    if retry_after or status not in (429, 503):
        assert answer.headers.get("Retry-After") == retry_after


@everywhere
def test_an_error_as_a_streams_first_event_is_a_status(
    client: FlaskClient, fake: Fake, path: str
) -> None:
    fake.script({"fault": "in_stream_error", "after": AFTER_THE_ROLE})

    answer = client.post(path, json=asking(path, stream=True))

    assert (answer.status_code, told(answer, path)) == (502, "Cerebras failed (500)")


@everywhere
@both_ways
def test_a_busy_upstream_always_says_when_to_come_again(
    client: FlaskClient, fake: Fake, path: str, stream: bool
) -> None:
    for script in ({"status": 503, "body": PAGE}, {"error": "queue_exceeded"}):
        fake.script(script)
        answer = client.post(path, json=asking(path, stream=stream))
        assert int(answer.headers["Retry-After"]) >= 1
        assert "html" not in answer.text


@everywhere
@both_ways
def test_a_key_that_is_missing_is_503_in_words(
    make_client: MakeClient, path: str, stream: bool
) -> None:
    keyless = make_client(CEREBRAS_API_KEY="")

    answer = keyless.post(path, json=asking(path, stream=stream))

    assert answer.status_code == 503
    assert told(answer, path).startswith("CEREBRAS_API_KEY is not set")
    assert keyless.get("/api/tags").get_json()["models"]


@everywhere
@both_ways
def test_an_upstream_that_is_not_there_is_502(
    make_client: MakeClient, path: str, stream: bool
) -> None:
    lonely = make_client(
        models=[{"id": GPT}], CEREBRAS_BASE_URL="http://127.0.0.1:9/v1"
    )

    answer = lonely.post(path, json=asking(path, stream=stream))

    assert answer.status_code == 502
    assert told(answer, path) == "cannot reach Cerebras: connection refused"


@everywhere
@both_ways
def test_an_upstream_that_says_nothing_is_504(
    make_client: MakeClient, fake: Fake, path: str, stream: bool
) -> None:
    fake.script({"fault": "stall"})

    answer = make_client(IDLE_TIMEOUT_S="0.1").post(
        path, json=asking(path, stream=stream)
    )

    assert answer.status_code == 504
    assert told(answer, path) == "Cerebras did not answer in time"


@pytest.mark.parametrize("path", [*NATIVE, OPENAI, COMPLETIONS, RESPONSES, MESSAGES])
def test_an_upstream_that_falls_silent_for_good_is_the_streams_last_word(
    make_client: MakeClient, fake: Fake, path: str
) -> None:
    fake.script({"content": LONG, "fault": "stall", "after": 6})

    answer = make_client(IDLE_TIMEOUT_S="0.5").post(
        path, json=asking(path, stream=True)
    )

    heard = hear(path, answer, stream=True)
    assert (heard.ending, heard.error) == (
        FAILED,
        "Cerebras sent nothing for 0.5 seconds",
    )
    assert heard.text


@everywhere
def test_a_whole_answer_that_is_cut_is_an_error(
    client: FlaskClient, fake: Fake, path: str
) -> None:
    fake.script({"content": LONG, "fault": "cut", "after": 50})

    answer = client.post(path, json=asking(path, stream=False))

    assert answer.status_code == 502
    assert told(answer, path) == "Cerebras' answer was cut short"


@everywhere
@both_ways
@pytest.mark.parametrize(
    "script",
    [
        {
            "status": 400,
            "body": {"message": "bad key csk-simulated, Bearer csk-simulated"},
        },
        {"status": 500, "body": {"message": "csk-simulated"}},
        {"status": 401, "body": {"message": "Wrong API Key csk-simulated"}},
        {
            "status": 429,
            "body": {"detail": "csk-simulated"},
            "headers": {"x-k": "csk-simulated"},
        },
    ],
    ids=["400", "500", "401", "429"],
)
def test_a_key_reaches_neither_a_client_nor_the_log(
    client: FlaskClient,
    fake: Fake,
    app_log: pytest.LogCaptureFixture,
    path: str,
    stream: bool,
    script: dict[str, Any],
) -> None:
    fake.script(script)

    answer = client.post(path, json=asking(path, stream=stream))

    assert answer.status_code >= 400
    assert fake.key not in answer.text + str(answer.headers) + app_log.text


@everywhere
def test_headers_of_the_upstream_stay_there(
    client: FlaskClient, fake: Fake, path: str
) -> None:
    fake.script(
        {"headers": {"x-ratelimit-limit-requests-day": "1", "set-cookie": "a=b"}}
    )

    headers = client.post(path, json=asking(path, stream=False)).headers

    assert not [name for name, _ in headers if name.lower().startswith("x-rate")]
    assert "Set-Cookie" not in headers
    assert "cf-ray" not in headers


@everywhere
def test_what_we_built_wrongly_is_logged_as_our_fault(
    client: FlaskClient, fake: Fake, app_log: pytest.LogCaptureFixture, path: str
) -> None:
    wrong = {"message": "body.x: property 'body.x' is unsupported", "code": "wrong"}
    fake.script({"status": 400, "body": wrong})

    answer = client.post(path, json=asking(path))

    assert answer.status_code == 400
    assert "Cerebras refused a request that we built" in app_log.text
