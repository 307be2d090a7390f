"""Origins and hosts that are allowed, and those that are not."""

import pytest

from tests.conformance.client import GPT, TEXT, Send

ORIGIN = "http://localhost:3000"
EVERY_HEADER = (
    "Authorization,Content-Type,User-Agent,Accept,X-Requested-With,Openai-Beta,"
    "X-Api-Key,Anthropic-Version,Anthropic-Beta,"
    "Anthropic-Dangerous-Direct-Browser-Access,"
    "X-Stainless-Arch,X-Stainless-Async,X-Stainless-Custom-Poll-Interval,"
    "X-Stainless-Helper-Method,X-Stainless-Lang,X-Stainless-Os,"
    "X-Stainless-Package-Version,X-Stainless-Poll-Helper,X-Stainless-Retry-Count,"
    "X-Stainless-Runtime,X-Stainless-Runtime-Version,X-Stainless-Timeout"
)


@pytest.mark.parametrize("path", ["/", "/api/chat", "/v1/models", "/nope"])
def test_preflight_has_all_headers(send: Send, path: str) -> None:
    response = send("OPTIONS", path, headers={"Origin": ORIGIN})

    headers = {
        name: value
        for name, value in response.headers.items()
        if name.startswith("access-control-") or name == "vary"
    }
    assert (response.status, response.body, response.content_type) == (204, b"", None)
    assert headers == {
        "access-control-allow-origin": ORIGIN,
        "access-control-allow-methods": "GET,POST,PUT,PATCH,DELETE,HEAD,OPTIONS",
        "access-control-allow-headers": EVERY_HEADER,
        "access-control-max-age": "43200",
        "vary": (
            "Origin, Access-Control-Request-Method, Access-Control-Request-Headers"
        ),
    }


@pytest.mark.parametrize(
    ("method", "path", "status"),
    [
        ("GET", "/", 200),
        ("GET", "/api/tags", 200),
        ("GET", "/nope", 404),
        ("GET", "/api/chat", 405),
        ("POST", "/api/chat", 400),
        ("POST", "/v1/chat/completions", 400),
    ],
)
def test_allowed_origin_reads_any_response(
    send: Send, method: str, path: str, status: int
) -> None:
    response = send(method, path, headers={"Origin": ORIGIN})

    assert response.status == status
    assert response.headers["access-control-allow-origin"] == ORIGIN
    assert response.headers["vary"] == "Origin"
    assert "access-control-allow-credentials" not in response.headers


def test_allowed_origin_reads_streams(send: Send) -> None:
    body = {"model": GPT, "messages": [{"role": "user", "content": "hello"}]}

    response = send("POST", "/api/chat", body, {"Origin": ORIGIN})

    assert response.headers["access-control-allow-origin"] == ORIGIN
    assert response.lines[-1]["done"] is True


@pytest.mark.parametrize("origin", ["https://evil.example", "null"])
@pytest.mark.parametrize(
    ("method", "path"),
    [
        *((method, "/api/tags") for method in ("GET", "POST", "OPTIONS", "HEAD")),
        ("GET", "/"),
        ("GET", "/nope"),
        ("POST", "/api/chat"),
        ("POST", "/v1/chat/completions"),
    ],
)
def test_other_origin_returns_403_without_a_body(
    send: Send, method: str, path: str, origin: str
) -> None:
    response = send(method, path, headers={"Origin": origin})

    assert (response.status, response.body, response.content_type) == (403, b"", None)


@pytest.mark.parametrize(
    ("host", "status"),
    [("localhost", 204), ("app.localhost:99", 204), ("127.0.0.1:1", 405)],
)
def test_options_without_origin_is_204_for_names_of_localhost(
    send: Send, host: str, status: int
) -> None:
    response = send("OPTIONS", "/api/tags", headers={"Host": host})

    assert response.status == status
    assert response.content_type == (TEXT if status == 405 else None)


@pytest.mark.parametrize("host", ["evil.example", "8.8.8.8", "localhost.evil.example"])
def test_other_host_returns_403_without_a_body(send: Send, host: str) -> None:
    response = send("GET", "/api/tags", headers={"Host": host})

    assert (response.status, response.body, response.content_type) == (403, b"", None)


def test_response_without_origin_has_no_cors_headers(send: Send) -> None:
    headers = send("GET", "/api/tags").headers

    assert not [name for name in headers if name.startswith("access-control-")]


@pytest.mark.parametrize(
    "headers",
    [{"Authorization": "Bearer x"}, {"x-api-key": "x"}, {"anthropic-version": "1"}],
    ids=str,
)
def test_credentials_are_ignored_if_there_are_no_tokens(
    send: Send, headers: dict[str, str]
) -> None:
    assert send("GET", "/api/tags", headers=headers).status == 200
