"""Stream framing and errors of the routes in Anthropic's format."""

import pytest

from app.errors import CerellamaError, ConversationNotFound, RequestRefused
from app.translate.anthropic.dialect import AnthropicDialect

DIALECT = AnthropicDialect()
UPSTREAM_TOO_LONG = "Current length is 136333 while limit is 131072"


STATUS_ERRORS = {
    400: "invalid_request_error",
    401: "authentication_error",
    403: "permission_error",
    404: "not_found_error",
    413: "api_error",
    429: "rate_limit_error",
    500: "api_error",
    503: "overloaded_error",
    529: "overloaded_error",
}


@pytest.mark.parametrize(("status", "kind"), STATUS_ERRORS.items())
def test_error_type_depends_on_the_status(status: int, kind: str) -> None:
    error = CerellamaError("text")
    error.status = status

    assert DIALECT.error(error) == {
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
