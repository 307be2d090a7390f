"""Access tokens: which requests are admitted, and the caller of each."""

import base64

import pytest
from flask import g
from flask.testing import FlaskClient

from tests.http.apps import make_app, register

FIRST, SECOND = "s3cret=one", "two"


@pytest.fixture(scope="module")
def client() -> FlaskClient:
    app, native, openai = make_app(access_tokens=(FIRST, SECOND))
    for path in ("/", "/api/tags", "/v1/models", "/healthz", "/readyz"):
        blueprint = openai if path.startswith("/v1") else native
        blueprint.add_url_rule(
            path,
            path.replace("/", "_"),
            lambda: "ok",
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
        {"Authorization": f"Bearer {FIRST}", "x-api-key": "unknown"},
    ],
    ids=str,
)
@pytest.mark.parametrize("path", ["/api/tags", "/v1/models"])
def test_valid_token_is_accepted_on_every_route(
    client: FlaskClient, path: str, headers: dict[str, str]
) -> None:
    assert client.get(path, headers=headers).data == b"ok"


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
def test_missing_or_wrong_token_is_401_in_each_dialect(
    client: FlaskClient, headers: dict[str, str]
) -> None:
    native = client.get("/api/tags", headers=headers)
    openai = client.get("/v1/models", headers=headers)

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
def test_probes_and_preflights_need_no_token(
    client: FlaskClient, method: str, path: str
) -> None:
    assert client.open(path, method=method).status_code == 200


@pytest.mark.parametrize(
    ("method", "path"), [("POST", "/"), ("GET", "/nope"), ("GET", "/healthz/")]
)
def test_other_paths_and_methods_need_a_token(
    client: FlaskClient, method: str, path: str
) -> None:
    assert client.open(path, method=method).status_code == 401


def test_without_access_tokens_every_request_is_admitted() -> None:
    app, *_ = make_app()
    app.add_url_rule("/api/tags", view_func=lambda: "ok")

    assert app.test_client().get("/api/tags").data == b"ok"


def test_caller_is_the_token_or_else_the_client_address() -> None:
    with_tokens, *_ = make_app(access_tokens=(FIRST, SECOND))
    without_tokens, *_ = make_app()
    for app in (with_tokens, without_tokens):
        app.add_url_rule("/caller", "caller", lambda: g.caller)

    callers = [
        with_tokens.test_client().get("/caller", headers={"x-api-key": token}).text
        for token in (FIRST, SECOND, SECOND)
    ]

    assert callers == ["token 1", "token 2", "token 2"]
    assert without_tokens.test_client().get("/caller").text == "127.0.0.1"
