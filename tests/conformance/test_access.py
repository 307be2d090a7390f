"""Pages and hosts that may call, and those that may not."""

from __future__ import annotations

import pytest

from tests.conformance.asking import MODEL, Ask, T

PAGE = "http://localhost:3000"
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
def test_a_preflight(ask: Ask, path: str) -> None:
    answer = ask("OPTIONS", path, headers={"Origin": PAGE})

    said = {
        name: value
        for name, value in answer.headers.items()
        if name.startswith("access-control-") or name == "vary"
    }
    assert (answer.status, answer.body, answer.kind) == (204, b"", None)
    assert said == {
        "access-control-allow-origin": PAGE,
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
def test_an_allowed_page_reads_every_answer(
    ask: Ask, method: str, path: str, status: int
) -> None:
    answer = ask(method, path, headers={"Origin": PAGE})

    assert answer.status == status
    assert answer.headers["access-control-allow-origin"] == PAGE
    assert answer.headers["vary"] == "Origin"
    assert "access-control-allow-credentials" not in answer.headers


def test_an_allowed_page_reads_streams(ask: Ask) -> None:
    body = {"model": MODEL, "messages": [{"role": "user", "content": "hello"}]}

    answer = ask("POST", "/api/chat", body, {"Origin": PAGE})

    assert answer.headers["access-control-allow-origin"] == PAGE
    assert answer.lines[-1]["done"] is True


@pytest.mark.parametrize("origin", ["https://evil.example", "null"])
@pytest.mark.parametrize("method", ["GET", "POST", "OPTIONS", "HEAD"])
def test_another_page_gets_nothing(ask: Ask, method: str, origin: str) -> None:
    answer = ask(method, "/api/tags", headers={"Origin": origin})

    assert (answer.status, answer.body, answer.kind) == (403, b"", None)


@pytest.mark.parametrize(
    ("host", "status"),
    [("localhost", 204), ("app.localhost:99", 204), ("127.0.0.1:1", 405)],
)
def test_options_of_no_page(ask: Ask, host: str, status: int) -> None:
    answer = ask("OPTIONS", "/api/tags", headers={"Host": host})

    assert answer.status == status
    assert answer.kind == (T if status == 405 else None)


@pytest.mark.parametrize("host", ["evil.example", "8.8.8.8", "localhost.evil.example"])
def test_another_host_gets_nothing(ask: Ask, host: str) -> None:
    answer = ask("GET", "/api/tags", headers={"Host": host})

    assert (answer.status, answer.body, answer.kind) == (403, b"", None)


def test_no_headers_without_a_page(ask: Ask) -> None:
    headers = ask("GET", "/api/tags").headers

    assert not [name for name in headers if name.startswith("access-control-")]


@pytest.mark.parametrize(
    "headers",
    [{"Authorization": "Bearer x"}, {"x-api-key": "x"}, {"anthropic-version": "1"}],
    ids=str,
)
def test_credentials_nobody_asked_for_are_ignored(
    ask: Ask, headers: dict[str, str]
) -> None:
    assert ask("GET", "/api/tags", headers=headers).status == 200
