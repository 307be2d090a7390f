"""Frames and errors of the OpenAI dialect."""

from __future__ import annotations

import pytest

from app.errors import (
    CerellamaError,
    InvalidRequest,
    KeyRefused,
    ModelNotFound,
    RateLimited,
    UpstreamBusy,
)
from app.translate.openai.dialect import DIALECT


@pytest.mark.parametrize(
    ("error", "kind"),
    [
        (InvalidRequest, "invalid_request_error"),
        (ModelNotFound, "not_found_error"),
        (RateLimited, "api_error"),
        (KeyRefused, "api_error"),
        (UpstreamBusy, "api_error"),
        (CerellamaError, "api_error"),
    ],
)
def test_an_error_has_openais_envelope(error: type[CerellamaError], kind: str) -> None:
    assert DIALECT.from_error(error("told")) == {
        "error": {"message": "told", "type": kind, "param": None, "code": None}
    }


def test_events_are_framed_and_bytes_pass() -> None:
    assert DIALECT.encode_all([{"a": "\u2028"}, b"data: [DONE]\n\n"]) == (
        b'data: {"a":"\\u2028"}\n\ndata: [DONE]\n\n'
    )


def test_the_media_type_has_no_charset() -> None:
    assert DIALECT.mimetype == "text/event-stream"
