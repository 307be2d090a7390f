"""What an upstream's refusal becomes, and what of its words is shown."""

from __future__ import annotations

import json
import logging
from typing import Any

import pytest

from app.errors import (
    KeyRefused,
    ModelBusy,
    ModelGone,
    PaymentRequired,
    RateLimited,
    RequestRefused,
    RequestTooLarge,
    UpstreamBusy,
    UpstreamError,
    UpstreamTimeout,
)
from app.upstream.error_responses import error_from_response

STATUSES: dict[int, tuple[type[UpstreamError], int]] = {
    302: (UpstreamError, 502),
    400: (RequestRefused, 400),
    401: (KeyRefused, 502),
    402: (PaymentRequired, 402),
    403: (KeyRefused, 502),
    404: (UpstreamError, 502),
    408: (UpstreamTimeout, 504),
    409: (UpstreamError, 502),
    413: (RequestTooLarge, 413),
    418: (UpstreamError, 502),
    422: (RequestRefused, 400),
    429: (RateLimited, 429),
    500: (UpstreamError, 502),
    502: (UpstreamError, 502),
    503: (UpstreamBusy, 503),
    504: (UpstreamError, 502),
    520: (UpstreamError, 502),
    999: (UpstreamError, 502),
}
QUOTED = {400, 402, 413, 422, 429}
TEXTS = {
    "flat": {"message": "because", "type": "t", "param": "p", "code": "c"},
    "wrapped": {"error": {"message": "because"}},
    "error as text": {"error": "because"},
    "detail": {"detail": "because"},
    "a message before an error": {"message": "because", "error": "no"},
    "an empty message": {"message": "", "error": {"message": "because"}},
}
NO_TEXTS = {
    "HTML": b"<html>because</html>",
    "text": b"because",
    "HTML in JSON": b'{"message": " <html>because</html>"}',
    "a list": b'["because"]',
    "a message that is no text": b'{"message": ["because"], "detail": [{"a": 1}]}',
    "no UTF-8": b'{"message": "because\xff"}',
    "a depth without end": b"[" * 100_000,
    "nothing": b"",
}
queue_exceeded = {
    "message": "We're experiencing high traffic right now! Please try again soon.",
    "type": "too_many_requests_error",
    "param": "queue",
    "code": "queue_exceeded",
}


def error_of(status: int, body: Any = None) -> UpstreamError:
    data = body if isinstance(body, bytes) else json.dumps(body).encode()
    return error_from_response(status, {}, data)


@pytest.mark.parametrize("status", STATUSES)
def test_a_status_has_its_class(status: int) -> None:
    error = error_of(status, {"message": "because"})

    assert (type(error), error.status) == STATUSES[status]
    assert (error.message == "because") == (status in QUOTED)


@pytest.mark.parametrize("status", [400, 401, 402, 403, 404, 413, 422, 302, 600])
def test_client_errors_are_not_retryable(status: int) -> None:
    assert not error_of(status).retryable


@pytest.mark.parametrize("status", [408, 429, 500, 502, 503, 504, 529])
def test_overload_and_server_errors_are_retryable(status: int) -> None:
    assert error_of(status).retryable


@pytest.mark.parametrize("body", TEXTS.values(), ids=TEXTS)
def test_the_text_is_found_in_every_shape(body: dict[str, Any]) -> None:
    assert error_of(402, body).message == "because"


@pytest.mark.usefixtures("uncollected")
@pytest.mark.parametrize("body", NO_TEXTS.values(), ids=NO_TEXTS)
@pytest.mark.parametrize("status", STATUSES)
def test_what_is_no_message_is_never_shown(status: int, body: bytes) -> None:
    message = error_of(status, body).message

    assert message
    assert "because" not in message


def test_a_long_text_is_bounded() -> None:
    message = error_of(400, {"message": "x" * 100_000}).message

    assert len(message) < 1100


def test_a_refused_key_is_told_in_our_words() -> None:
    message = error_of(401, {"message": "Wrong API Key"}).message

    assert message == "Cerebras refused the API key (401): check CEREBRAS_API_KEY"


def test_an_unknown_model_is_gone() -> None:
    body = {"message": "Model x does not exist", "code": "model_not_found"}

    error = error_of(404, body)

    assert type(error) is ModelGone
    assert "x does not" not in error.message


@pytest.mark.parametrize(("status", "error"), [(429, ModelBusy), (503, UpstreamBusy)])
def test_an_exceeded_queue_keeps_its_status(
    status: int, error: type[UpstreamError]
) -> None:
    assert type(error_of(status, queue_exceeded)) is error


@pytest.mark.parametrize(
    ("said", "ours"),
    [
        ({"message": "body.x: property 'body.x' is unsupported"}, True),
        ({"message": "messages.0.user.images: property ... is unsupported"}, True),
        ({"message": '"tools" is incompatible with "response_format"'}, True),
        ({}, True),
        ({"message": "too long", "code": "context_length_exceeded"}, False),
        ({"message": "image is too large", "param": "messages"}, False),
        ({"message": "Unsupported JSON schema fields: {'minItems'}"}, False),
    ],
    ids=str,
)
def test_a_400_is_logged_when_it_is_our_bug(
    caplog: pytest.LogCaptureFixture, said: dict[str, str], ours: bool
) -> None:
    error_of(400, said)

    assert [record.levelno for record in caplog.records] == [logging.ERROR] * ours


@pytest.mark.parametrize("echo", ["csk-secret-4711", "Bearer other4711secret"])
def test_an_echoed_key_is_neither_shown_nor_logged(
    caplog: pytest.LogCaptureFixture, echo: str
) -> None:
    for status in STATUSES:
        assert "4711" not in error_of(status, {"message": f"no: {echo}, no"}).message

    assert "4711" not in caplog.text
