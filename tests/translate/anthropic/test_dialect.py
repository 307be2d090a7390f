"""Stream framing and errors of the routes in Anthropic's format."""

from __future__ import annotations

import pytest

from app.errors import (
    AccessDenied,
    BodyTooLarge,
    CerellamaError,
    ConversationNotFound,
    InvalidRequest,
    KeyRefused,
    ModelNotFound,
    QueueFull,
    RateLimited,
    RequestRefused,
    UpstreamBusy,
)
from app.translate.anthropic.dialect import AnthropicDialect

DIALECT = AnthropicDialect()
UPSTREAM_TOO_LONG = "Current length is 136333 while limit is 131072"


class Forbidden(CerellamaError):
    status = 403


class Overloaded(CerellamaError):
    status = 529


@pytest.mark.parametrize(
    ("error", "kind"),
    [
        (InvalidRequest, "invalid_request_error"),
        (AccessDenied, "authentication_error"),
        (Forbidden, "permission_error"),
        (ModelNotFound, "not_found_error"),
        (BodyTooLarge, "api_error"),
        (RateLimited, "rate_limit_error"),
        (QueueFull, "overloaded_error"),
        (UpstreamBusy, "overloaded_error"),
        (Overloaded, "overloaded_error"),
        (KeyRefused, "api_error"),
        (CerellamaError, "api_error"),
    ],
)
def test_error_type_depends_on_the_status(
    error: type[CerellamaError], kind: str
) -> None:
    assert DIALECT.error(error("text")) == {
        "type": "error",
        "error": {"type": kind, "message": "text"},
    }


def test_too_long_prompt_has_anthropics_text() -> None:
    message = DIALECT.error(RequestRefused(UPSTREAM_TOO_LONG))["error"]["message"]

    assert message == (
        f"prompt is too long: 136333 tokens > 131072 maximum. {UPSTREAM_TOO_LONG}"
    )


def test_missing_thread_has_details() -> None:
    error = DIALECT.error(ConversationNotFound("gone"))["error"]

    assert error["type"] == "not_found_error"
    assert error["details"] == {"error_code": "thread_not_found"}


def test_events_are_named_after_their_type() -> None:
    assert DIALECT.frame_all([{"type": "a", "b": "\u2028"}, b"x"]) == (
        b'event: a\ndata: {"type":"a","b":"\\u2028"}\n\nx'
    )


def test_mimetype_of_streams_has_no_charset() -> None:
    assert DIALECT.stream_mimetype == "text/event-stream"
