"""The common part of the dialects in OpenAI's format."""

import pytest

from app.errors import (
    CerellamaError,
    InvalidRequest,
    ModelNotFound,
    RateLimited,
)
from app.translate.openai.dialect import (
    OpenAIDialect,
    model_object,
    reasoning_effort,
    wants_usage,
)
from tests.translate.builders import MODEL, Json

OPENAI = OpenAIDialect()


@pytest.mark.parametrize(
    ("error", "kind"),
    [
        (InvalidRequest, "invalid_request_error"),
        (ModelNotFound, "not_found_error"),
        (RateLimited, "api_error"),
    ],
)
def test_error_has_openais_shape(error: type[CerellamaError], kind: str) -> None:
    assert OPENAI.error(error("text")) == {
        "error": {"message": "text", "type": kind, "param": None, "code": None}
    }


def test_batch_is_framed_as_server_sent_events() -> None:
    assert OPENAI.stream_mimetype == "text/event-stream"
    assert OPENAI.frame_all([{"a": "\u2028"}, b"data: [DONE]\n\n"]) == (
        b'data: {"a":"\\u2028"}\n\ndata: [DONE]\n\n'
    )


def test_whole_reply_ends_with_a_newline() -> None:
    assert OPENAI.content_type == "application/json"
    assert OPENAI.encode({"a": 1}) == b'{"a":1}\n'


def test_model_object_has_openais_shape() -> None:
    assert model_object("gpt-oss-120b:latest", MODEL.listed) == {
        "id": "gpt-oss-120b:latest",
        "object": "model",
        "created": MODEL.created,
        "owned_by": "library",
    }


EFFORTS = {
    "none": "none",
    "minimal": "low",
    "low": "low",
    "medium": "medium",
    "high": "high",
    "max": "max",
    "xhigh": "max",
    "ultra": "max",
    "": None,
}


@pytest.mark.parametrize(("effort", "sent"), EFFORTS.items())
def test_effort_is_translated(effort: str, sent: str | None) -> None:
    assert reasoning_effort({"reasoning_effort": effort}) == sent


@pytest.mark.parametrize(
    ("body", "sent"),
    [
        ({}, None),
        ({"reasoning": {"effort": "high"}}, "high"),
        ({"reasoning": {"effort": "none"}, "reasoning_effort": "high"}, "none"),
        ({"reasoning": {}, "reasoning_effort": "high"}, None),
        ({"reasoning": None, "reasoning_effort": "high"}, "high"),
    ],
    ids=str,
)
def test_reasoning_takes_precedence_over_reasoning_effort(
    body: Json, sent: str | None
) -> None:
    assert reasoning_effort(body) == sent


@pytest.mark.parametrize(
    "body", [{"reasoning_effort": "High"}, {"reasoning": {"effort": "High"}}], ids=str
)
def test_unknown_effort_is_refused(body: Json) -> None:
    with pytest.raises(InvalidRequest) as refused:
        reasoning_effort(body)

    assert refused.value.message == (
        'invalid reasoning value: "High" (must be "minimal", "low", "medium", "high", '
        '"xhigh", "ultra", "max", or "none")'
    )


@pytest.mark.parametrize(
    ("body", "is_wanted"),
    [
        ({}, False),
        ({"stream_options": {"include_usage": False}}, False),
        ({"stream_options": {"include_usage": True}}, True),
    ],
    ids=str,
)
def test_include_usage_asks_for_usage(body: Json, is_wanted: bool) -> None:
    assert wants_usage(body) is is_wanted
