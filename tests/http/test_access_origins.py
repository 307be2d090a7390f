"""Which pages may call."""

from __future__ import annotations

import pytest
from flask.testing import FlaskClient
from werkzeug.test import TestResponse

from app.http.access import matcher
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


def client_of(*origins: str) -> FlaskClient:
    app, *_ = make_app(ollama_origins=origins)
    app.add_url_rule("/", view_func=lambda: "here")
    return app.test_client()


def told(answer: TestResponse) -> dict[str, str]:
    """The headers that say something to a browser."""
    return {
        name: value
        for name, value in answer.headers
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
def test_local_pages_and_apps_may_always_call(origin: str) -> None:
    from_page = {"Origin": origin, "Host": "127.0.0.1:6000"}

    answer = client_of().get("/", headers=from_page)

    assert answer.status_code == 200
    assert told(answer) == {"Access-Control-Allow-Origin": origin, "Vary": "Origin"}


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
def test_other_pages_may_not(method: str, path: str, origin: str) -> None:
    answer = client_of().open(path, method=method, headers={"Origin": origin})

    assert (answer.status_code, answer.data) == (403, b"")
    assert "Content-Type" not in answer.headers
    assert not told(answer)


@pytest.mark.parametrize("scheme", ["http", "https"])
def test_the_servers_own_pages_are_no_strangers(scheme: str) -> None:
    own = {"Origin": f"{scheme}://ollama.example:6000", "Host": "ollama.example:6000"}

    answer = client_of().get("/", headers=own)

    assert answer.status_code == 200
    assert not told(answer)


def test_a_request_of_no_page_gets_no_headers() -> None:
    assert not told(client_of().get("/"))


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
def test_further_pages_can_be_allowed(allowed: str, origin: str) -> None:
    client = client_of("https://other.example", allowed)

    assert client.get("/", headers={"Origin": origin}).status_code == 200


def test_a_pattern_does_not_overlap_itself() -> None:
    allows = matcher(["aba*aba"])

    assert allows("abaaba")
    assert not allows("aba")


def test_everybody_can_be_allowed() -> None:
    answer = client_of("*").get("/", headers={"Origin": "https://any.example"})

    assert told(answer) == {"Access-Control-Allow-Origin": "*"}


@pytest.mark.parametrize("path", ["/", "/nope"])
def test_a_preflight_is_answered_wherever_it_goes(path: str) -> None:
    answer = client_of().options(path, headers={"Origin": "http://localhost:3000"})

    assert (answer.status_code, answer.data) == (204, b"")
    assert "Content-Type" not in answer.headers
    vary = "Origin, Access-Control-Request-Method, Access-Control-Request-Headers"
    assert told(answer) == {
        "Access-Control-Allow-Origin": "http://localhost:3000",
        "Access-Control-Allow-Methods": "GET,POST,PUT,PATCH,DELETE,HEAD,OPTIONS",
        "Access-Control-Allow-Headers": HEADERS,
        "Access-Control-Max-Age": "43200",
        "Vary": vary,
    }


def test_errors_carry_the_headers_too() -> None:
    answer = client_of().get("/nope", headers={"Origin": "app://x"})

    assert answer.status_code == 404
    assert answer.headers["Access-Control-Allow-Origin"] == "app://x"
