"""Frames and errors of the Anthropic dialect."""

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
from app.translate.anthropic import DIALECT

TOO_LONG = "Current length is 136333 while limit is 131072"


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
def test_an_error_has_the_type_of_its_status(
    error: type[CerellamaError], kind: str
) -> None:
    told = {"type": kind, "message": "told"}

    assert DIALECT.from_error(error("told")) == {"type": "error", "error": told}


def test_a_prompt_that_is_too_long_is_told_in_anthropics_words() -> None:
    told = DIALECT.from_error(RequestRefused(TOO_LONG))["error"]["message"]

    assert told == f"prompt is too long: 136333 tokens > 131072 maximum. {TOO_LONG}"


def test_a_thread_that_is_gone_says_so_in_its_details() -> None:
    told = DIALECT.from_error(ConversationNotFound("gone"))["error"]

    assert told["type"] == "not_found_error"
    assert told["details"] == {"error_code": "thread_not_found"}


def test_events_have_names_and_bytes_pass() -> None:
    assert DIALECT.encode_all([{"type": "a", "b": "\u2028"}, b"x"]) == (
        b'event: a\ndata: {"type":"a","b":"\\u2028"}\n\nx'
    )


def test_the_media_type_has_no_charset() -> None:
    assert DIALECT.mimetype == "text/event-stream"
