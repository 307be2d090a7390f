"""The guard against DNS rebinding."""

from __future__ import annotations

import socket

import pytest
from flask.testing import FlaskClient

from app.http.access import is_bindable
from tests.http.apps import make_app


def client_of(*allowed: str) -> FlaskClient:
    app, *_ = make_app(allowed_hosts=allowed)
    app.config["PROVIDE_AUTOMATIC_OPTIONS"] = False
    app.add_url_rule("/", view_func=lambda: "here", methods=["GET"])
    return app.test_client()


def knock(client: FlaskClient, host: str, listener: str = "127.0.0.1") -> int:
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
def test_hosts_of_this_place_are_known(host: str) -> None:
    assert knock(client_of(), host) == 200


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
def test_other_hosts_are_refused_without_a_word(host: str, method: str) -> None:
    answer = client_of().open("/", method=method, headers={"Host": host})

    assert (answer.status_code, answer.data) == (403, b"")
    assert "Content-Type" not in answer.headers


def test_a_refusal_logs_one_line_that_names_the_setting(
    app_log: pytest.LogCaptureFixture,
) -> None:
    knock(client_of(), "chat.example")

    [line] = app_log.messages
    assert "chat.example" in line
    assert "ALLOWED_HOSTS" in line


@pytest.mark.parametrize("host", ["chat.example", "CHAT.example:443"])
def test_further_hosts_can_be_allowed(host: str) -> None:
    client = client_of("Chat.Example", "8.8.8.8")

    assert knock(client, host) == 200
    assert knock(client, "8.8.8.8") == 200
    assert knock(client, "evil.example") == 403


@pytest.mark.parametrize(
    ("allowed", "listener"),
    [
        ("*", "127.0.0.1"),
        ("chat.example", "0.0.0.0"),
        ("chat.example", "10.0.0.1"),
        ("chat.example", "cerellama.example"),
    ],
    ids=["the setting says so", "every address", "one in the network", "a name"],
)
def test_the_check_can_be_off(allowed: str, listener: str) -> None:
    assert knock(client_of(allowed), "evil.example", listener) == 200


@pytest.mark.parametrize("listener", ["::1", "localhost", "127.0.0.2"])
def test_every_loopback_address_is_guarded(listener: str) -> None:
    assert knock(client_of(), "evil.example", listener) == 403


@pytest.mark.parametrize(("host", "status"), [("localhost", 204), ("127.0.0.1", 405)])
def test_options_is_answered_to_names_only(host: str, status: int) -> None:
    answer = client_of().options("/", headers={"Host": host})

    assert answer.status_code == status


def test_addresses_of_this_machine_are_known_from_those_of_others() -> None:
    assert is_bindable("127.0.0.1")
    assert not is_bindable("192.0.2.1")
    assert not is_bindable("2001:db8::1")
