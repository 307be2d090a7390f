"""Who may use the server: checks of `Host`, `Origin` and access token."""

import base64
import socket

import pytest
from flask import g
from flask.testing import FlaskClient
from werkzeug.test import TestResponse

from app.http.access import is_bindable, origin_matcher
from tests.http.apps import make_app, register


def host_client(*allowed: str) -> FlaskClient:
    app, *_ = make_app(allowed_hosts=allowed)
    app.config["PROVIDE_AUTOMATIC_OPTIONS"] = False
    app.add_url_rule("/", view_func=lambda: "ok", methods=["GET"])
    return app.test_client()


def get_status(client: FlaskClient, host: str, listener: str = "127.0.0.1") -> int:
    return client.get(
        "/", headers={"Host": host}, environ_overrides={"SERVER_NAME": listener}
    ).status_code


@pytest.mark.parametrize(
    "host",
    [
        "",
        "localhost",
        "LOCALHOST:6000",
        "127.0.0.1:6000",
        "127.9.9.9",
        "[::1]:6000",
        "0.0.0.0",
        "192.168.1.2:80",
        "10.0.0.1",
        "[fe80::1]",
        "me.localhost",
        "printer.local",
        "host.docker.internal:11434",
        "Host.Docker.Internal",
        socket.gethostname(),
    ],
)
def test_local_host_is_allowed(host: str) -> None:
    assert get_status(host_client(), host) == 200


@pytest.mark.parametrize(
    "host",
    [
        "evil.example",
        "evil.example:6000",
        "localhost.evil.example",
        "local",
        "8.8.8.8",
        "[2001:4860:4860::8888]",
        "a b",
        "[zz",
        "é",
    ],
)
def test_other_host_is_403_without_a_body(host: str) -> None:
    response = host_client().get("/", headers={"Host": host})

    assert (response.status_code, response.data) == (403, b"")
    assert "Content-Type" not in response.headers


def test_refused_host_is_logged_with_the_name_of_the_setting(
    app_log: pytest.LogCaptureFixture,
) -> None:
    get_status(host_client(), "chat.example")

    [line] = app_log.messages
    assert "chat.example" in line
    assert "ALLOWED_HOSTS" in line


@pytest.mark.parametrize("host", ["chat.example", "CHAT.example:443"])
def test_configured_host_is_allowed(host: str) -> None:
    client = host_client("Chat.Example", "8.8.8.8")

    assert get_status(client, host) == 200
    assert get_status(client, "8.8.8.8") == 200
    assert get_status(client, "evil.example") == 403


@pytest.mark.parametrize(
    ("allowed", "listener"),
    [
        ("*", "127.0.0.1"),
        ("chat.example", "0.0.0.0"),
        ("chat.example", "::"),
        ("chat.example", "10.0.0.1"),
        ("chat.example", "cerellama.example"),
    ],
)
def test_check_is_off(allowed: str, listener: str) -> None:
    assert get_status(host_client(allowed), "evil.example", listener) == 200


@pytest.mark.parametrize("listener", ["::1", "localhost", "127.0.0.2"])
def test_hosts_are_checked_on_every_loopback_address(listener: str) -> None:
    assert get_status(host_client(), "evil.example", listener) == 403


@pytest.mark.parametrize(("host", "status"), [("localhost", 204), ("127.0.0.1", 405)])
def test_options_is_answered_for_a_host_name_only(host: str, status: int) -> None:
    response = host_client().options("/", headers={"Host": host})

    assert response.status_code == status


def test_address_of_another_machine_is_not_bindable() -> None:
    assert is_bindable("127.0.0.1")
    assert not is_bindable("192.0.2.1")
    assert not is_bindable("2001:db8::1")


def origin_client(*origins: str) -> FlaskClient:
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

    response = origin_client().get("/", headers=from_page)

    assert response.status_code == 200
    assert cors_headers(response) == {
        "Access-Control-Allow-Origin": origin,
        "Vary": "Origin",
    }


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
def test_page_of_another_origin_is_403_without_a_body(origin: str) -> None:
    response = origin_client().get("/", headers={"Origin": origin})

    assert (response.status_code, response.data) == (403, b"")
    assert "Content-Type" not in response.headers
    assert not cors_headers(response)


@pytest.mark.parametrize("scheme", ["http", "https"])
def test_page_of_the_server_itself_is_allowed(scheme: str) -> None:
    own = {"Origin": f"{scheme}://ollama.example:6000", "Host": "ollama.example:6000"}

    response = origin_client().get("/", headers=own)

    assert response.status_code == 200
    assert not cors_headers(response)


def test_request_without_origin_gets_no_cors_headers() -> None:
    assert not cors_headers(origin_client().get("/"))


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
    client = origin_client("https://other.example", allowed)

    assert client.get("/", headers={"Origin": origin}).status_code == 200


def test_parts_of_a_pattern_do_not_overlap() -> None:
    allows = origin_matcher(["aba*aba"])

    assert allows("abaaba")
    assert not allows("aba")


def test_asterisk_allows_every_origin() -> None:
    response = origin_client("*").get("/", headers={"Origin": "https://any.example"})

    assert cors_headers(response) == {"Access-Control-Allow-Origin": "*"}


FIRST, SECOND = "s3cret=one", "two"


@pytest.fixture(scope="module")
def token_client() -> FlaskClient:
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
    token_client: FlaskClient, path: str, headers: dict[str, str]
) -> None:
    assert token_client.get(path, headers=headers).data == b"ok"


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
    token_client: FlaskClient, headers: dict[str, str]
) -> None:
    native = token_client.get("/api/tags", headers=headers)
    openai = token_client.get("/v1/models", headers=headers)

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
    token_client: FlaskClient, method: str, path: str
) -> None:
    assert token_client.open(path, method=method).status_code == 200


@pytest.mark.parametrize(
    ("method", "path"), [("POST", "/"), ("GET", "/nope"), ("GET", "/healthz/")]
)
def test_other_paths_and_methods_need_a_token(
    token_client: FlaskClient, method: str, path: str
) -> None:
    assert token_client.open(path, method=method).status_code == 401


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
