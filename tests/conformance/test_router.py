"""The router, seen from outside."""

from __future__ import annotations

import pytest

from tests.conformance.asking import Ask, T

ROUTES = {
    "/": ["HEAD", "GET"],
    "/api/version": ["HEAD", "GET"],
    "/api/tags": ["HEAD", "GET"],
    "/api/ps": ["GET"],
    "/api/show": ["POST"],
    "/api/generate": ["POST"],
    "/api/chat": ["POST"],
    "/api/pull": ["POST"],
    "/api/push": ["POST"],
    "/api/status": ["GET"],
    "/api/me": ["POST"],
    "/api/signout": ["POST"],
    "/api/user/keys/c3NoLWVkMjU1MTk": ["DELETE"],
    "/api/experimental/web_search": ["POST"],
    "/api/experimental/web_fetch": ["POST"],
    "/api/experimental/model-recommendations": ["GET"],
    "/v1/chat/completions": ["POST"],
    "/v1/models": ["GET"],
    "/v1/models/gpt-oss-120b": ["GET"],
}
METHODS = ["GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "OPTIONS"]
WRONG = [
    (method, path)
    for path, right in ROUTES.items()
    for method in METHODS
    if method not in right
]
RIGHT = [(method, path) for path, right in ROUTES.items() for method in right]
NOWHERE = [
    "/nope",
    "/api",
    "/api/",
    "/api/logout",
    "/api/CHAT",
    "/api/user/keys",
    "/api/user/keys/a/b",
    "/api/experimental/aliases",
    "/v1/chat",
    "/v1/nope",
    "/v1/images/generations",
    "/favicon.ico",
    "/static/x",
]


@pytest.mark.parametrize(("method", "path"), RIGHT)
def test_a_right_method(ask: Ask, method: str, path: str) -> None:
    answer = ask(method, path)

    assert (answer.status, answer.kind) not in [(404, T), (405, T)]
    assert answer.status < 500


@pytest.mark.parametrize(("method", "path"), WRONG)
def test_a_wrong_method(ask: Ask, method: str, path: str) -> None:
    answer = ask(method, path, headers={"Host": "127.0.0.1"})

    assert (answer.status, answer.kind) == (405, T)
    assert answer.headers["allow"] == ", ".join(ROUTES[path])
    assert answer.headers["content-length"] == "22"
    assert answer.body == (b"" if method == "HEAD" else b"405 method not allowed")


@pytest.mark.parametrize("method", ["GET", "HEAD", "POST", "DELETE", "OPTIONS"])
@pytest.mark.parametrize("path", NOWHERE)
def test_an_unknown_path(ask: Ask, method: str, path: str) -> None:
    answer = ask(method, path, headers={"Host": "127.0.0.1"})

    assert (answer.status, answer.kind) == (404, T)
    assert "allow" not in answer.headers
    assert answer.body == (b"" if method == "HEAD" else b"404 page not found")


@pytest.mark.parametrize("path", ["/", "/api/version", "/api/tags"])
def test_head_has_the_headers_of_get_and_no_body(ask: Ask, path: str) -> None:
    got, head = ask("GET", path), ask("HEAD", path)

    assert (head.status, head.body) == (200, b"")
    for name in ("content-type", "content-length"):
        assert head.headers[name] == got.headers[name]


@pytest.mark.parametrize(
    ("method", "path", "status", "location"),
    [
        ("GET", "/api/tags/", 301, "/api/tags"),
        ("HEAD", "/api/tags/", 307, "/api/tags"),
        ("POST", "/api/chat/", 307, "/api/chat"),
        ("POST", "/api/tags/", 307, "/api/tags"),
        ("GET", "/v1/models/", 301, "/v1/models"),
        ("GET", "/v1/models/gpt-oss:120b/", 301, "/v1/models/gpt-oss:120b"),
        ("POST", "//api/chat", 307, "/api/chat"),
        ("GET", "//api/tags", 307, "/api/tags"),
        ("POST", "/api//chat", 307, "/api/chat"),
        ("POST", "/api/./chat", 307, "/api/chat"),
        ("GET", "/x/../api/tags", 307, "/api/tags"),
        ("GET", "/api/tags/?a=b", 301, "/api/tags?a=b"),
    ],
)
def test_a_crooked_path_is_redirected(
    ask: Ask, method: str, path: str, status: int, location: str
) -> None:
    answer = ask(method, path)

    assert (answer.status, answer.headers["location"]) == (status, location)


def test_a_redirected_body_is_answered_at_the_right_place(ask: Ask) -> None:
    moved = ask("POST", "/api/chat/", {"model": "zz"})

    answer = ask("POST", moved.headers["location"], {"model": "zz"})

    assert (answer.status, answer.json) == (404, {"error": "model 'zz' not found"})


def test_the_version_is_three_plain_numbers(ask: Ask) -> None:
    answer = ask("GET", "/api/version")

    assert answer.body == b'{"version":"0.33.0"}'
    assert answer.kind == "application/json; charset=utf-8"


def test_a_model_of_another_namespace_is_a_path_of_its_own(ask: Ask) -> None:
    answer = ask("GET", "/v1/models/me/mine")

    assert answer.status == 404
    assert answer.json["error"]["message"] == "model 'me/mine:latest' not found"
