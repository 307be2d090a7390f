"""Which addresses are bound, by the decision function and by real sockets."""

from __future__ import annotations

import socket

import pytest

from app.config import Config
from app.listen import is_free, is_loopback, listen_addresses, reachable
from app.settings import Address

HOME = Address("127.0.0.1", 6000)
OLLAMA = Address("127.0.0.1", 11434)


def everything_is_free(address: Address) -> bool:
    return True


def nothing_is_free(address: Address) -> bool:
    return False


def test_port_wins_over_all_else() -> None:
    config = Config(port=8080, ollama_host=Address("1.2.3.4", 1))

    assert listen_addresses(config, everything_is_free) == [Address("0.0.0.0", 8080)]


def test_host_goes_with_port_only() -> None:
    with_port = Config(port=0, host="127.0.0.1")
    without = Config(host="1.2.3.4")

    assert listen_addresses(with_port, nothing_is_free) == [Address("127.0.0.1", 0)]
    assert listen_addresses(without, nothing_is_free) == [HOME]


def test_ollama_host_replaces_both_default_ports() -> None:
    config = Config(ollama_host=Address("0.0.0.0", 11434))

    assert listen_addresses(config, everything_is_free) == [Address("0.0.0.0", 11434)]


def test_ollamas_own_port_is_bound_too_when_free() -> None:
    assert listen_addresses(Config(), everything_is_free) == [HOME, OLLAMA]


def test_ollamas_own_port_is_left_to_a_running_ollama() -> None:
    assert listen_addresses(Config(), nothing_is_free) == [HOME]


@pytest.mark.parametrize(
    "url",
    [
        "http://127.0.0.1:11434",
        "http://localhost:11434/ollama",
        "https://[::1]:11434",
        "http://0.0.0.0:11434",
        "http://127.8.8.8:11434",
    ],
)
def test_ollamas_own_port_is_left_to_the_passthrough(url: str) -> None:
    config = Config(ollama_passthrough_url=url)

    assert listen_addresses(config, everything_is_free) == [HOME]


@pytest.mark.parametrize(
    "url",
    [
        "http://127.0.0.1:11435",
        "http://127.0.0.1",
        "http://192.0.2.1:11434",
        "http://nowhere.invalid:11434",
        "http://a..b:11434",
    ],
)
def test_a_passthrough_elsewhere_takes_no_port_of_ours(url: str) -> None:
    config = Config(ollama_passthrough_url=url)

    assert listen_addresses(config, everything_is_free) == [HOME, OLLAMA]


def test_a_port_somebody_listens_on_is_not_free() -> None:
    with socket.create_server(("127.0.0.1", 0)) as server:
        assert not is_free(Address(*server.getsockname()))


def test_a_port_bound_without_listening_is_not_free() -> None:
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))

        assert not is_free(Address(*taken.getsockname()))


def test_a_port_just_left_is_free() -> None:
    with socket.create_server(("127.0.0.1", 0)) as server:
        address = Address(*server.getsockname())

    assert is_free(address)


def test_loopback_is_known_by_name_and_number() -> None:
    loopback = ["127.0.0.1", "127.9.9.9", "::1", "localhost"]
    beyond = ["0.0.0.0", "::", "192.168.1.2", "example.com"]

    assert all(is_loopback(Address(host, 1)) for host in loopback)
    assert not any(is_loopback(Address(host, 1)) for host in beyond)


def test_a_wildcard_is_reached_over_loopback() -> None:
    assert str(reachable(Address("0.0.0.0", 80))) == "127.0.0.1:80"
    assert str(reachable(Address("::", 80))) == "[::1]:80"
    assert str(reachable(Address("192.168.1.2", 80))) == "192.168.1.2:80"
