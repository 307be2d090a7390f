"""Answers that are errors because a script wants them."""

from __future__ import annotations

import json
from typing import Any

import pytest

from tests.cerebras import Fake
from tests.fake_cerebras.raw import play, post, user

ERRORS = {
    "wrong_api_key": (401, "Wrong API Key"),
    "payment_required": (402, "Payment required to access this resource."),
    "request_quota_exceeded": (429, "Requests per minute limit exceeded - too many"),
    "token_quota_exceeded": (429, "Tokens per minute limit exceeded - too many"),
    "queue_exceeded": (429, "We're experiencing high traffic right now!"),
    "server_error": (500, "Encountered a server error, please try again."),
    "request_timeout": (408, ""),
    "too_large": (413, ""),
    "unprocessable": (422, ""),
}


@pytest.mark.parametrize("stream", [True, False])
@pytest.mark.parametrize("error", ERRORS)
def test_error_is_flat_with_its_status(fake: Fake, error: str, stream: bool) -> None:
    status, message = ERRORS[error]

    answer = post(fake, user(f'@fake {{"error": "{error}"}}', stream=stream))

    assert answer.status == status
    assert set(answer.json) == {"message", "type", "param", "code"}
    assert answer.json["message"].startswith(message)


@pytest.mark.parametrize(
    ("error", "type", "param"),
    [
        ("request_quota_exceeded", "too_many_requests_error", "quota"),
        ("token_quota_exceeded", "too_many_tokens_error", "quota"),
        ("queue_exceeded", "too_many_requests_error", "queue"),
    ],
)
def test_429_has_three_codes(fake: Fake, error: str, type: str, param: str) -> None:
    answer = play(fake, {"error": error})

    assert answer.json["code"] == error
    assert (answer.json["type"], answer.json["param"]) == (type, param)
    assert float(answer.headers["x-ratelimit-reset-tokens-minute"]) > 0
    assert "retry-after" not in answer.headers


def test_status_alone_brings_its_usual_body(fake: Fake) -> None:
    answer = play(fake, {"status": 429})

    assert answer.json["code"] == "request_quota_exceeded"


def test_headers_can_be_set(fake: Fake) -> None:
    headers = {"retry-after": "7", "x-ratelimit-reset-tokens-minute": "3.5"}

    answer = play(fake, {"status": 429, "headers": headers})

    assert headers.items() <= answer.headers.items()


def test_headers_of_a_good_answer_can_be_set(fake: Fake) -> None:
    assert play(fake, {"headers": {"x-more": "1"}}).headers["x-more"] == "1"


def test_queue_exceeded_was_seen_as_503_too(fake: Fake) -> None:
    answer = play(fake, {"status": 503, "error": "queue_exceeded"})

    assert (answer.status, answer.json["code"]) == (503, "queue_exceeded")


@pytest.mark.parametrize("status", [502, 503, 504])
def test_gateway_answers_with_a_page(fake: Fake, status: int) -> None:
    answer = play(fake, {"status": status})

    assert answer.status == status
    assert answer.headers["content-type"] == "text/html"
    assert answer.body.startswith(b"<html>")


@pytest.mark.parametrize(
    ("given", "kind"),
    [
        ({"error": {"message": "x"}}, "application/json"),
        ("error code: 520", "text/plain"),
        ("<html>", "text/html"),
    ],
    ids=str,
)
def test_body_can_be_given(fake: Fake, given: Any, kind: str) -> None:
    answer = play(fake, {"status": 520, "body": given})

    assert (answer.status, answer.headers["content-type"]) == (520, kind)
    assert answer.body.decode() in (given, json.dumps(given, separators=(",", ":")))


def test_html_can_come_with_200(fake: Fake) -> None:
    answer = play(fake, {"body": "<html>captive portal</html>"})

    assert (answer.status, answer.headers["content-type"]) == (200, "text/html")
