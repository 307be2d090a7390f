"""CORS: the pages of which origins may send requests."""

import pytest
from flask.testing import FlaskClient
from werkzeug.test import TestResponse

from app.http.access import origin_matcher
from tests.http.apps import make_app

HEADERS = (
    "Authorization,Content-Type,User-Agent,Accept,X-Requested-With,Openai-Beta,"
    "X-Api-Key,Anthropic-Version,Anthropic-Beta,"
    "Anthropic-Dangerous-Direct-Browser-Access,"
    "X-Stainless-Arch,X-Stainless-Async,X-Stainless-Custom-Poll-Interval,"
    "X-Stainless-Helper-Method,X-Stainless-Lang,X-Stainless-Os,"
    "X-Stainless-Package-Version,X-Stainless-Poll-Helper,X-Stainless-Retry-Count,"
    "X-Stainless-Runtime,X-Stainless-Runtime-Version,X-Stainless-Timeout"
)


def make_client(*origins: str) -> FlaskClient:
    app, *_ = make_app(ollama_origins=origins)
    app.add_url_rule("/", view_func=lambda: "ok")
    return app.test_client()


def cors_headers(response: TestResponse) -> dict[str, str]:
    """Return the headers that a browser evaluates."""
    return {
        name: value
        for name, value in response.headers
        if name.startswith("Access-Control-") or name == "Vary"
    }


@pytest.mark.parametrize(
    "origin",
    [
        "http://localhost:3000",
        "https://localhost",
        "http://127.0.0.1:8080",
        "https://127.0.0.1",
        "http://0.0.0.0:1",
        "app://obsidian.md",
        "file://",
        "tauri://localhost",
        "vscode-webview://1a2b",
        "vscode-file://vscode-app",
    ],
)
def test_local_pages_and_apps_are_allowed(origin: str) -> None:
    from_page = {"Origin": origin, "Host": "127.0.0.1:6000"}

    response = make_client().get("/", headers=from_page)

    assert response.status_code == 200
    assert cors_headers(response) == {
        "Access-Control-Allow-Origin": origin,
        "Vary": "Origin",
    }


@pytest.mark.parametrize("method", ["GET", "POST", "OPTIONS", "DELETE"])
@pytest.mark.parametrize("path", ["/", "/nope"])
@pytest.mark.parametrize(
    "origin",
    [
        "https://evil.example",
        "null",
        "http://localhost.evil.example",
        "http://localhostile",
        "chrome-extension://abc",
        "ftp://localhost",
    ],
)
def test_page_of_another_origin_is_403_without_a_body(
    method: str, path: str, origin: str
) -> None:
    response = make_client().open(path, method=method, headers={"Origin": origin})

    assert (response.status_code, response.data) == (403, b"")
    assert "Content-Type" not in response.headers
    assert not cors_headers(response)


@pytest.mark.parametrize("scheme", ["http", "https"])
def test_page_of_the_server_itself_is_allowed(scheme: str) -> None:
    own = {"Origin": f"{scheme}://ollama.example:6000", "Host": "ollama.example:6000"}

    response = make_client().get("/", headers=own)

    assert response.status_code == 200
    assert not cors_headers(response)


def test_request_without_origin_gets_no_cors_headers() -> None:
    assert not cors_headers(make_client().get("/"))


@pytest.mark.parametrize(
    ("allowed", "origin"),
    [
        ("https://chat.example", "https://chat.example"),
        ("http://MyHost:3000", "http://myhost:3000"),
        ("https://*.example", "https://a.b.example"),
        ("http://192.168.1.5:*", "http://192.168.1.5:81"),
        ("moz-extension://*", "moz-extension://abc"),
    ],
)
def test_configured_origin_is_allowed(allowed: str, origin: str) -> None:
    client = make_client("https://other.example", allowed)

    assert client.get("/", headers={"Origin": origin}).status_code == 200


def test_parts_of_a_pattern_do_not_overlap() -> None:
    allows = origin_matcher(["aba*aba"])

    assert allows("abaaba")
    assert not allows("aba")


def test_asterisk_allows_every_origin() -> None:
    response = make_client("*").get("/", headers={"Origin": "https://any.example"})

    assert cors_headers(response) == {"Access-Control-Allow-Origin": "*"}


@pytest.mark.parametrize("path", ["/", "/nope"])
def test_preflight_is_answered_on_every_path(path: str) -> None:
    response = make_client().options(path, headers={"Origin": "http://localhost:3000"})

    assert (response.status_code, response.data) == (204, b"")
    assert "Content-Type" not in response.headers
    vary = "Origin, Access-Control-Request-Method, Access-Control-Request-Headers"
    assert cors_headers(response) == {
        "Access-Control-Allow-Origin": "http://localhost:3000",
        "Access-Control-Allow-Methods": "GET,POST,PUT,PATCH,DELETE,HEAD,OPTIONS",
        "Access-Control-Allow-Headers": HEADERS,
        "Access-Control-Max-Age": "43200",
        "Vary": vary,
    }


def test_errors_have_cors_headers() -> None:
    response = make_client().get("/nope", headers={"Origin": "app://x"})

    assert response.status_code == 404
    assert response.headers["Access-Control-Allow-Origin"] == "app://x"
