"""Methods, unknown paths and redirects."""

import pytest

from tests.conformance.client import TEXT, Send

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
NOT_ALLOWED = [
    (method, path)
    for path, allowed in ROUTES.items()
    for method in METHODS
    if method not in allowed
]
ALLOWED = [(method, path) for path, allowed in ROUTES.items() for method in allowed]
UNKNOWN_PATHS = [
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


@pytest.mark.parametrize(("method", "path"), ALLOWED)
def test_allowed_method_reaches_its_route(send: Send, method: str, path: str) -> None:
    response = send(method, path)

    assert (response.status, response.content_type) not in [(404, TEXT), (405, TEXT)]
    assert response.status < 500


@pytest.mark.parametrize(("method", "path"), NOT_ALLOWED)
def test_other_method_returns_405(send: Send, method: str, path: str) -> None:
    response = send(method, path, headers={"Host": "127.0.0.1"})

    assert (response.status, response.content_type) == (405, TEXT)
    assert response.headers["allow"] == ", ".join(ROUTES[path])
    assert response.headers["content-length"] == "22"
    assert response.body == (b"" if method == "HEAD" else b"405 method not allowed")


@pytest.mark.parametrize("method", ["GET", "HEAD", "POST", "DELETE", "OPTIONS"])
@pytest.mark.parametrize("path", UNKNOWN_PATHS)
def test_unknown_path_returns_404(send: Send, method: str, path: str) -> None:
    response = send(method, path, headers={"Host": "127.0.0.1"})

    assert (response.status, response.content_type) == (404, TEXT)
    assert "allow" not in response.headers
    assert response.body == (b"" if method == "HEAD" else b"404 page not found")


@pytest.mark.parametrize("path", ["/", "/api/version", "/api/tags"])
def test_head_has_the_headers_of_get_and_no_body(send: Send, path: str) -> None:
    get, head = send("GET", path), send("HEAD", path)

    assert (head.status, head.body) == (200, b"")
    for name in ("content-type", "content-length"):
        assert head.headers[name] == get.headers[name]


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
def test_unclean_path_is_redirected(
    send: Send, method: str, path: str, status: int, location: str
) -> None:
    response = send(method, path)

    assert (response.status, response.headers["location"]) == (status, location)


def test_redirect_leads_to_the_right_place(send: Send) -> None:
    redirect = send("POST", "/api/chat/", {"model": "zz"})

    response = send("POST", redirect.headers["location"], {"model": "zz"})

    assert (response.status, response.json) == (404, {"error": "model 'zz' not found"})


def test_version_is_that_of_ollama(send: Send) -> None:
    response = send("GET", "/api/version")

    assert response.body == b'{"version":"0.33.0"}'
    assert response.content_type == "application/json; charset=utf-8"
