"""Every failure, in the shape of the dialect its path belongs to."""

from __future__ import annotations

from typing import Any, NoReturn

import pytest
from flask import abort, g
from werkzeug.test import TestResponse

from app import errors
from app.errors import CerellamaError
from app.http.responses import ANTHROPIC, NATIVE, OPENAI, current_dialect
from app.translate.dialect import Dialect
from tests.http.apps import make_app, register

NATIVE_PATH, OPENAI_PATH = "/api/chat", "/v1/chat/completions"
JSON, BARE = "application/json; charset=utf-8", "application/json"


def fail(error: Exception, path: str, *, streaming: bool = False) -> TestResponse:
    app, native, openai = make_app()

    def view() -> NoReturn:
        g.record.streaming = streaming
        raise error

    (openai if path == OPENAI_PATH else native).add_url_rule(path, view_func=view)
    return register(app, native, openai).test_client().get(path)


def openai_body(text: str, kind: str) -> dict[str, Any]:
    told = {"message": text, "type": kind, "param": None, "code": None}
    return {"error": told}


@pytest.mark.parametrize(
    ("kind", "status", "openai_type"),
    [
        (errors.InvalidRequest, 400, "invalid_request_error"),
        (errors.BodyTooLarge, 413, "api_error"),
        (errors.AccessDenied, 401, "api_error"),
        (errors.ModelNotFound, 404, "not_found_error"),
        (errors.QueueFull, 503, "api_error"),
        (errors.UpstreamError, 502, "api_error"),
        (errors.KeyMissing, 503, "api_error"),
        (errors.KeyRefused, 502, "api_error"),
        (errors.RequestRefused, 400, "invalid_request_error"),
        (errors.PaymentRequired, 402, "api_error"),
        (errors.RequestTooLarge, 413, "api_error"),
        (errors.RateLimited, 429, "api_error"),
        (errors.UpstreamBusy, 503, "api_error"),
        (errors.UpstreamTimeout, 504, "api_error"),
    ],
)
def test_an_error_has_its_own_status_and_the_dialects_shape(
    kind: type[CerellamaError], status: int, openai_type: str
) -> None:
    native, openai = fail(kind("why"), NATIVE_PATH), fail(kind("why"), OPENAI_PATH)

    assert (native.status_code, native.json) == (status, {"error": "why"})
    assert (openai.status_code, openai.json) == (
        status,
        openai_body("why", openai_type),
    )


@pytest.mark.parametrize(
    ("error", "path", "streaming", "content_type", "ends"),
    [
        (errors.InvalidRequest("x"), NATIVE_PATH, False, JSON, b"}"),
        (errors.UpstreamError("x"), NATIVE_PATH, False, JSON, b"}"),
        (errors.UpstreamError("x"), NATIVE_PATH, True, BARE, b"}"),
        (errors.InvalidRequest("x"), OPENAI_PATH, False, JSON, b"}"),
        (errors.ModelNotFound("x"), OPENAI_PATH, False, BARE, b"}\n"),
        (errors.UpstreamError("x"), OPENAI_PATH, True, BARE, b"}\n"),
    ],
    ids=[
        "native",
        "native, whole",
        "native, instead of a stream",
        "openai, of the body",
        "openai, of the model",
        "openai, instead of a stream",
    ],
)
def test_an_error_is_labelled_as_ollama_does(
    error: CerellamaError, path: str, streaming: bool, content_type: str, ends: bytes
) -> None:
    answer = fail(error, path, streaming=streaming)

    assert answer.headers["Content-Type"] == content_type
    assert answer.data.endswith(ends)


@pytest.mark.parametrize(("wait", "told"), [(0.0, "0"), (1.2, "2"), (30.0, "30")])
@pytest.mark.parametrize("path", [NATIVE_PATH, OPENAI_PATH])
def test_a_wait_is_told_in_whole_seconds(path: str, wait: float, told: str) -> None:
    answer = fail(errors.RateLimited("slow down", retry_after=wait), path)

    assert answer.headers["Retry-After"] == told


def test_nothing_is_told_of_an_unknown_wait() -> None:
    assert (
        "Retry-After" not in fail(errors.RateLimited("slow down"), NATIVE_PATH).headers
    )


@pytest.mark.parametrize("path", [NATIVE_PATH, OPENAI_PATH])
def test_a_fault_of_ours_is_logged_and_tells_nothing(
    path: str, app_log: pytest.LogCaptureFixture
) -> None:
    answer = fail(ZeroDivisionError("secret"), path)

    assert answer.status_code == 500
    assert "internal server error" in answer.text
    assert "secret" not in answer.text
    assert app_log.messages == [f"GET {path} failed"]


def test_a_body_that_is_nested_too_deep_for_us_is_the_callers_fault() -> None:
    answer = fail(RecursionError(), NATIVE_PATH)

    assert (answer.status_code, answer.json) == (400, {"error": "exceeded max depth"})


@pytest.mark.parametrize(("code", "status"), [(400, 400), (413, 413), (415, 400)])
def test_what_flask_refuses_is_told_in_our_shape(code: int, status: int) -> None:
    app, *_ = make_app()
    app.config["MAX_CONTENT_LENGTH"] = 3 << 20
    app.add_url_rule(NATIVE_PATH, view_func=lambda: abort(code))

    answer = app.test_client().get(NATIVE_PATH)

    assert answer.status_code == status
    assert set(answer.get_json()) == {"error"}
    if code == 413:
        assert answer.json == {"error": "request body is larger than 3 MB"}


@pytest.mark.parametrize(
    ("path", "dialect"),
    [
        ("/v1/unknown", OPENAI),
        ("/v1/messages/unknown", ANTHROPIC),
        ("/v1", NATIVE),
        ("/v10/x", NATIVE),
        ("/", NATIVE),
    ],
)
def test_path_without_route_has_dialect_of_its_prefix(
    path: str, dialect: Dialect
) -> None:
    app, *_ = make_app()

    with app.test_request_context(path):
        assert current_dialect() is dialect
