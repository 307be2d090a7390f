"""Choose the addresses that the server listens on."""

import errno
import socket
from collections.abc import Callable
from urllib.parse import urlsplit

from app.config import Config
from app.http.access import is_bindable
from app.settings import OLLAMA_PORT, SCHEME_PORTS, Address

DEFAULT_ADDRESS = Address("127.0.0.1", 6000)
# Browsers and Node's fetch block port 6000, and Ollama's clients expect this one.
OLLAMA_ADDRESS = Address("127.0.0.1", OLLAMA_PORT)
PROBE_TIMEOUT_S = 1.0


def listen_addresses(
    config: Config, is_free: Callable[[Address], bool]
) -> list[Address]:
    """Return the addresses to listen on.

    PORT wins over OLLAMA_HOST. With neither, these are port 6000 and Ollama's port,
    unless that is taken or belongs to the passthrough server.
    """
    if config.port is not None:
        return [Address(config.host, config.port)]
    if config.ollama_host is not None:
        return [config.ollama_host]
    if is_local_ollama(config.ollama_passthrough_url) or not is_free(OLLAMA_ADDRESS):
        return [DEFAULT_ADDRESS]
    return [DEFAULT_ADDRESS, OLLAMA_ADDRESS]


def is_local_ollama(url: str | None) -> bool:
    """Return whether a URL names Ollama's port of this machine, in use or not."""
    parts = urlsplit(url or "")
    port = parts.port or SCHEME_PORTS.get(parts.scheme)
    return port == OLLAMA_PORT and is_local_host(parts.hostname or "")


def is_local_host(host: str) -> bool:
    """Return whether a host name or IP address resolves to this machine."""
    try:
        infos = socket.getaddrinfo(host, None, type=socket.SOCK_STREAM)
    except (OSError, UnicodeError):
        return False
    return any(is_bindable(str(address[0])) for *_, address in infos)


def is_free(address: Address) -> bool:
    """Return whether connections to an address are refused *and* binding it works.

    Neither alone shows it: a port may be bound without listening, and an address can
    sometimes be bound beside a program that listens on all interfaces.
    """
    with socket.socket() as probe:
        probe.settimeout(PROBE_TIMEOUT_S)
        if probe.connect_ex(address) != errno.ECONNREFUSED:
            return False
    with socket.socket() as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind(address)
        except OSError:
            return False
    return True


def reachable(address: Address) -> Address:
    """Return the address by which this machine reaches the server."""
    loopback = {"0.0.0.0": "127.0.0.1", "::": "::1"}
    return address._replace(host=loopback.get(address.host, address.host))
