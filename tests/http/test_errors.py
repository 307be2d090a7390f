"""Errors in the format of the API that the path belongs to."""

from typing import NoReturn

import pytest
from flask import abort, g, request
from werkzeug.test import TestResponse

from app import errors
from app.errors import CerellamaError
from app.http.responses import ANTHROPIC, NATIVE, OPENAI, dialect_of
from app.translate.dialect import Dialect
from tests.http.apps import make_app, register

NATIVE_PATH, OPENAI_PATH = "/api/chat", "/v1/chat/completions"
JSON, BARE = "application/json; charset=utf-8", "application/json"


def get_error(error: Exception, path: str, *, streaming: bool = False) -> TestResponse:
    app, native, openai = make_app()

    def view() -> NoReturn:
        g.record.streaming = streaming
        raise error

    (openai if path == OPENAI_PATH else native).add_url_rule(path, view_func=view)
    return register(app, native, openai).test_client().get(path)


@pytest.mark.parametrize(
    ("kind", "status", "openai_type"),
    [
        (errors.InvalidRequest, 400, "invalid_request_error"),
        (errors.ModelNotFound, 404, "not_found_error"),
        (errors.UpstreamBusy, 503, "api_error"),
    ],
)
def test_error_has_its_status_and_the_format_of_the_dialect(
    kind: type[CerellamaError], status: int, openai_type: str
) -> None:
    native, openai = (get_error(kind("why"), p) for p in (NATIVE_PATH, OPENAI_PATH))

    error = {"message": "why", "type": openai_type, "param": None, "code": None}
    assert (native.status_code, native.json) == (status, {"error": "why"})
    assert (openai.status_code, openai.json) == (status, {"error": error})


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
)
def test_error_has_the_content_type_of_ollama(
    error: CerellamaError, path: str, streaming: bool, content_type: str, ends: bytes
) -> None:
    response = get_error(error, path, streaming=streaming)

    assert response.headers["Content-Type"] == content_type
    assert response.data.endswith(ends)


@pytest.mark.parametrize(("wait", "header"), [(0.0, "0"), (1.2, "2"), (30.0, "30")])
@pytest.mark.parametrize("path", [NATIVE_PATH, OPENAI_PATH])
def test_retry_after_is_rounded_up_to_seconds(
    path: str, wait: float, header: str
) -> None:
    response = get_error(errors.RateLimited("slow down", retry_after=wait), path)

    assert response.headers["Retry-After"] == header


def test_unknown_wait_has_no_retry_after() -> None:
    response = get_error(errors.RateLimited("slow down"), NATIVE_PATH)

    assert "Retry-After" not in response.headers


@pytest.mark.parametrize("path", [NATIVE_PATH, OPENAI_PATH])
def test_unexpected_error_is_500_and_logged_without_its_text(
    path: str, app_log: pytest.LogCaptureFixture
) -> None:
    response = get_error(ZeroDivisionError("secret"), path)

    assert response.status_code == 500
    assert "internal server error" in response.text
    assert "secret" not in response.text
    assert app_log.messages == [f"GET {path} failed"]


def test_recursion_error_is_400() -> None:
    response = get_error(RecursionError(), NATIVE_PATH)

    assert response.status_code == 400
    assert response.json == {"error": "exceeded max depth"}


@pytest.mark.parametrize(("code", "status"), [(400, 400), (413, 413), (415, 400)])
def test_errors_of_flask_have_the_format_of_the_dialect(code: int, status: int) -> None:
    app, *_ = make_app()
    app.config["MAX_CONTENT_LENGTH"] = 3 << 20
    app.add_url_rule(NATIVE_PATH, view_func=lambda: abort(code))

    response = app.test_client().get(NATIVE_PATH)

    assert response.status_code == status
    assert set(response.get_json()) == {"error"}
    if code == 413:
        assert response.json == {"error": "request body is larger than 3 MB"}


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
        assert dialect_of(request) is dialect
