"""The exception for each error response, and which text of it is shown."""

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
    529: (UpstreamError, 502),
    600: (UpstreamError, 502),
}
QUOTED = {400, 402, 413, 422, 429}
RETRYABLE = {408, 429, 500, 502, 503, 504, 520, 529}
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
    "a message that is not text": b'{"message": ["because"], "detail": [{"a": 1}]}',
    "invalid UTF-8": b'{"message": "because\xff"}',
    "deep nesting": b"[" * 100_000,
    "empty": b"",
}
QUEUE_EXCEEDED = {
    "message": "We're experiencing high traffic right now! Please try again soon.",
    "type": "too_many_requests_error",
    "param": "queue",
    "code": "queue_exceeded",
}


def error_of(status: int, body: Any = None) -> UpstreamError:
    data = body if isinstance(body, bytes) else json.dumps(body).encode()
    return error_from_response(status, {}, data)


@pytest.mark.parametrize("status", STATUSES)
def test_status_has_its_class(status: int) -> None:
    error = error_of(status, {"message": "because"})

    assert (type(error), error.status) == STATUSES[status]
    assert (error.message == "because") == (status in QUOTED)
    assert error.retryable == (status in RETRYABLE)


@pytest.mark.parametrize("body", TEXTS.values(), ids=TEXTS)
def test_text_is_found_in_every_shape(body: dict[str, Any]) -> None:
    assert error_of(402, body).message == "because"


@pytest.mark.usefixtures("uncollected")
@pytest.mark.parametrize("body", NO_TEXTS.values(), ids=NO_TEXTS)
@pytest.mark.parametrize("status", STATUSES)
def test_body_without_a_message_is_not_shown(status: int, body: bytes) -> None:
    message = error_of(status, body).message

    assert message
    assert "because" not in message


def test_long_text_is_cut() -> None:
    message = error_of(400, {"message": "x" * 100_000}).message

    assert len(message) < 1100


def test_unknown_model_is_model_gone() -> None:
    body = {"message": "Model x does not exist", "code": "model_not_found"}

    error = error_of(404, body)

    assert type(error) is ModelGone
    assert error.message == "Cerebras does not serve this model"


@pytest.mark.parametrize(("status", "error"), [(429, ModelBusy), (503, UpstreamBusy)])
def test_exceeded_queue_is_an_overload_with_its_own_status(
    status: int, error: type[UpstreamError]
) -> None:
    assert type(error_of(status, QUEUE_EXCEEDED)) is error


@pytest.mark.parametrize(
    ("content", "is_own_fault"),
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
def test_400_is_logged_as_our_bug_unless_the_client_caused_it(
    caplog: pytest.LogCaptureFixture, content: dict[str, str], is_own_fault: bool
) -> None:
    error_of(400, content)

    assert [record.levelno for record in caplog.records] == [
        logging.ERROR
    ] * is_own_fault


@pytest.mark.parametrize("echo", ["csk-secret-4711", "Bearer other4711secret"])
def test_echoed_key_is_masked_in_texts_and_logs(
    caplog: pytest.LogCaptureFixture, echo: str
) -> None:
    for status in STATUSES:
        assert "4711" not in error_of(status, {"message": f"no: {echo}, no"}).message

    assert "4711" not in caplog.text
