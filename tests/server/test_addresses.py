"""The addresses to listen on, by the pure choice and with real sockets."""

import socket
from collections.abc import Callable

import pytest

from app.config import Config
from app.server.addresses import is_free, listen_addresses, reachable
from app.settings import Address

PORT_6000 = Address("127.0.0.1", 6000)
OLLAMAS = Address("127.0.0.1", 11434)


def all_free(address: Address) -> bool:
    return True


def none_free(address: Address) -> bool:
    return False


LISTEN_ADDRESSES = {
    "default": (Config(), all_free, [PORT_6000, OLLAMAS]),
    "Ollama runs": (Config(), none_free, [PORT_6000]),
    "HOST alone is ignored": (Config(host="1.2.3.4"), none_free, [PORT_6000]),
    "PORT": (Config(port=8080), all_free, [Address("0.0.0.0", 8080)]),
    "PORT and HOST": (Config(port=0, host="::1"), none_free, [Address("::1", 0)]),
    "OLLAMA_HOST": (
        Config(ollama_host=Address("0.0.0.0", 11434)),
        none_free,
        [Address("0.0.0.0", 11434)],
    ),
    "PORT wins over OLLAMA_HOST": (
        Config(port=8080, ollama_host=Address("1.2.3.4", 1)),
        all_free,
        [Address("0.0.0.0", 8080)],
    ),
}


@pytest.mark.parametrize(
    ("config", "is_free", "expected"), LISTEN_ADDRESSES.values(), ids=LISTEN_ADDRESSES
)
def test_listen_addresses(
    config: Config, is_free: Callable[[Address], bool], expected: list[Address]
) -> None:
    assert listen_addresses(config, is_free) == expected


LOCAL_OLLAMA = [
    "http://127.0.0.1:11434",
    "http://localhost:11434/ollama",
    "https://[::1]:11434",
    "http://0.0.0.0:11434",
    "http://127.8.8.8:11434",
]
OTHER_SERVERS = [
    "http://127.0.0.1:11435",
    "http://127.0.0.1",
    "http://192.0.2.1:11434",
    "http://nowhere.invalid:11434",
    "http://a..b:11434",
]


@pytest.mark.parametrize("url", [*LOCAL_OLLAMA, *OTHER_SERVERS])
def test_ollamas_port_is_left_to_a_local_passthrough_only(url: str) -> None:
    config = Config(ollama_passthrough_url=url)

    expected = [PORT_6000] if url in LOCAL_OLLAMA else [PORT_6000, OLLAMAS]
    assert listen_addresses(config, all_free) == expected


def test_port_is_free_until_it_is_bound_and_after_its_listener_closed() -> None:
    with socket.create_server(("127.0.0.1", 0)) as server:
        address = Address(*server.getsockname())
        assert not is_free(address)
    assert is_free(address)

    with socket.socket() as bound:
        bound.bind(("127.0.0.1", 0))
        assert not is_free(Address(*bound.getsockname()))


def test_wildcard_is_reachable_over_loopback() -> None:
    assert str(reachable(Address("0.0.0.0", 80))) == "127.0.0.1:80"
    assert str(reachable(Address("::", 80))) == "[::1]:80"
    assert str(reachable(Address("192.168.1.2", 80))) == "192.168.1.2:80"
