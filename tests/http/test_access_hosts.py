"""The check of the Host header, against DNS rebinding."""

import socket

import pytest
from flask.testing import FlaskClient

from app.http.access import is_bindable, is_loopback
from tests.http.apps import make_app


def make_client(*allowed: str) -> FlaskClient:
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
    assert get_status(make_client(), host) == 200


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
@pytest.mark.parametrize("method", ["GET", "OPTIONS"])
def test_other_host_is_403_without_a_body(host: str, method: str) -> None:
    response = make_client().open("/", method=method, headers={"Host": host})

    assert (response.status_code, response.data) == (403, b"")
    assert "Content-Type" not in response.headers


def test_refused_host_is_logged_with_the_name_of_the_setting(
    app_log: pytest.LogCaptureFixture,
) -> None:
    get_status(make_client(), "chat.example")

    [line] = app_log.messages
    assert "chat.example" in line
    assert "ALLOWED_HOSTS" in line


@pytest.mark.parametrize("host", ["chat.example", "CHAT.example:443"])
def test_configured_host_is_allowed(host: str) -> None:
    client = make_client("Chat.Example", "8.8.8.8")

    assert get_status(client, host) == 200
    assert get_status(client, "8.8.8.8") == 200
    assert get_status(client, "evil.example") == 403


@pytest.mark.parametrize(
    ("allowed", "listener"),
    [
        ("*", "127.0.0.1"),
        ("chat.example", "0.0.0.0"),
        ("chat.example", "10.0.0.1"),
        ("chat.example", "cerellama.example"),
    ],
    ids=["asterisk", "all addresses", "address in the network", "host name"],
)
def test_check_is_off(allowed: str, listener: str) -> None:
    assert get_status(make_client(allowed), "evil.example", listener) == 200


@pytest.mark.parametrize("listener", ["::1", "localhost", "127.0.0.2"])
def test_hosts_are_checked_on_every_loopback_address(listener: str) -> None:
    assert get_status(make_client(), "evil.example", listener) == 403


@pytest.mark.parametrize(("host", "status"), [("localhost", 204), ("127.0.0.1", 405)])
def test_options_is_answered_for_a_host_name_only(host: str, status: int) -> None:
    response = make_client().options("/", headers={"Host": host})

    assert response.status_code == status


def test_address_of_another_machine_is_not_bindable() -> None:
    assert is_bindable("127.0.0.1")
    assert not is_bindable("192.0.2.1")
    assert not is_bindable("2001:db8::1")


@pytest.mark.parametrize("host", ["127.0.0.1", "127.9.9.9", "::1", "localhost"])
def test_loopback_is_recognised(host: str) -> None:
    assert is_loopback(host)


@pytest.mark.parametrize("host", ["0.0.0.0", "::", "192.168.1.2", "example.com", ""])
def test_other_hosts_are_not_loopback(host: str) -> None:
    assert not is_loopback(host)
