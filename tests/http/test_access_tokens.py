"""Who may enter."""

from __future__ import annotations

import base64

import pytest
from flask import g
from flask.testing import FlaskClient

from tests.http.apps import make_app, register

FIRST, SECOND = "s3cret=one", "two"


@pytest.fixture(scope="module")
def guarded() -> FlaskClient:
    app, native, openai = make_app(access_tokens=(FIRST, SECOND))
    for path in ("/", "/api/tags", "/v1/models", "/healthz", "/readyz"):
        blueprint = openai if path.startswith("/v1") else native
        blueprint.add_url_rule(
            path,
            path.replace("/", "_"),
            lambda: "in",
            methods=["GET", "HEAD", "POST", "OPTIONS"],
        )
    return register(app, native, openai).test_client()


def basic(name: str, password: str) -> str:
    return "Basic " + base64.b64encode(f"{name}:{password}".encode()).decode()


@pytest.mark.parametrize(
    "headers",
    [
        {"Authorization": f"Bearer {FIRST}"},
        {"Authorization": f"bearer  {SECOND} "},
        {"Authorization": basic("anyone", FIRST)},
        {"Authorization": basic("", SECOND)},
        {"x-api-key": FIRST},
        {"X-API-Key": SECOND},
        {"Authorization": "Bearer ollama", "x-api-key": SECOND},
        {"Authorization": f"Bearer {FIRST}", "x-api-key": "made up"},
    ],
    ids=str,
)
@pytest.mark.parametrize("path", ["/api/tags", "/v1/models"])
def test_a_token_opens_every_route(
    guarded: FlaskClient, path: str, headers: dict[str, str]
) -> None:
    assert guarded.get(path, headers=headers).data == b"in"


@pytest.mark.parametrize(
    "headers",
    [
        {},
        {"Authorization": ""},
        {"Authorization": "Bearer"},
        {"Authorization": "Bearer wrong"},
        {"Authorization": FIRST},
        {"Authorization": f"Token {FIRST}"},
        {"Authorization": f"Bearer {FIRST}x"},
        {"Authorization": f"Bearer {FIRST},{SECOND}"},
        {"Authorization": basic(FIRST, "wrong")},
        {"Authorization": "Basic !!!"},
        {"Authorization": "Basic " + base64.b64encode(b"\xff:\xfe").decode()},
        {"Authorization": "Bearer é"},
        {"x-api-key": ""},
        {"x-api-key": "wrong"},
    ],
    ids=str,
)
def test_anything_else_is_401_in_each_dialect(
    guarded: FlaskClient, headers: dict[str, str]
) -> None:
    native = guarded.get("/api/tags", headers=headers)
    openai = guarded.get("/v1/models", headers=headers)

    text = "a valid access token is required"
    assert (native.status_code, openai.status_code) == (401, 401)
    assert native.json == {"error": text}
    assert openai.json == {
        "error": {"message": text, "type": "api_error", "param": None, "code": None}
    }
    assert native.headers["WWW-Authenticate"] == "Bearer"


@pytest.mark.parametrize(
    ("method", "path"),
    [
        ("GET", "/"),
        ("HEAD", "/"),
        ("GET", "/healthz"),
        ("GET", "/readyz"),
        ("OPTIONS", "/api/tags"),
    ],
)
def test_what_says_nothing_is_open(
    guarded: FlaskClient, method: str, path: str
) -> None:
    assert guarded.open(path, method=method).status_code == 200


@pytest.mark.parametrize(
    ("method", "path"), [("POST", "/"), ("GET", "/nope"), ("GET", "/healthz/")]
)
def test_nothing_else_is(guarded: FlaskClient, method: str, path: str) -> None:
    assert guarded.open(path, method=method).status_code == 401


def test_without_tokens_everybody_enters() -> None:
    app, *_ = make_app()
    app.add_url_rule("/api/tags", view_func=lambda: "in")

    assert app.test_client().get("/api/tags").data == b"in"


def test_a_token_tells_who_takes_turns_and_else_the_address_does() -> None:
    guarded, *_ = make_app(access_tokens=(FIRST, SECOND))
    open_to_all, *_ = make_app()
    for app in (guarded, open_to_all):
        app.add_url_rule("/who", "who", lambda: g.caller)

    told = [
        guarded.test_client().get("/who", headers={"x-api-key": token}).text
        for token in (FIRST, SECOND, SECOND)
    ]

    assert told == ["token 1", "token 2", "token 2"]
    assert open_to_all.test_client().get("/who").text == "127.0.0.1"
