"""Which addresses the server binds."""

from __future__ import annotations

import errno
import ipaddress
import socket
from collections.abc import Callable
from urllib.parse import urlsplit

from app.config import Config
from app.settings import OLLAMA_PORT, SCHEME_PORTS, Address
from app.web.hosts import is_of_this_machine

HOME = Address("127.0.0.1", 6000)
# Browsers and Node's fetch refuse port 6000; Ollama's own port they know already.
OLLAMA = Address("127.0.0.1", OLLAMA_PORT)
PROBE_TIMEOUT_S = 1.0


def listen_addresses(
    config: Config, is_free: Callable[[Address], bool]
) -> list[Address]:
    if config.port is not None:
        return [Address(config.host, config.port)]
    if config.ollama_host is not None:
        return [config.ollama_host]
    if names_ollamas_port_here(config.ollama_passthrough_url) or not is_free(OLLAMA):
        return [HOME]
    return [HOME, OLLAMA]


def names_ollamas_port_here(url: str | None) -> bool:
    """That port is a real Ollama's, whether that runs already or not."""
    parts = urlsplit(url or "")
    port = parts.port or SCHEME_PORTS.get(parts.scheme)
    return port == OLLAMA_PORT and is_here(parts.hostname or "")


def is_here(host: str) -> bool:
    """Is it this machine, by whatever name or number?"""
    try:
        found = socket.getaddrinfo(host, None, type=socket.SOCK_STREAM)
    except (OSError, UnicodeError):
        return False
    return any(is_of_this_machine(str(address[0])) for *_, address in found)


def is_free(address: Address) -> bool:
    """Nobody answers there and binding works; either alone may be so of a taken one."""
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


def is_loopback(address: Address) -> bool:
    try:
        return ipaddress.ip_address(address.host).is_loopback
    except ValueError:
        return address.host == "localhost"


def reachable(address: Address) -> Address:
    """The address a client on this machine uses: a wildcard is no destination."""
    local = {"0.0.0.0": "127.0.0.1", "::": "::1"}
    return address._replace(host=local.get(address.host, address.host))
