"""Origins and hosts that are allowed, and those that are not."""

import pytest

from tests.conformance.client import Send

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


@pytest.mark.parametrize(
    "headers",
    [{"Origin": "https://evil.example"}, {"Origin": "null"}, {"Host": "evil.example"}],
    ids=str,
)
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
def test_other_origin_or_host_returns_403_without_a_body(
    send: Send, method: str, path: str, headers: dict[str, str]
) -> None:
    response = send(method, path, headers=headers)

    assert (response.status, response.body, response.content_type) == (403, b"", None)
