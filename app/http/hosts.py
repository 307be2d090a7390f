"""Protection against DNS rebinding: on a loopback address, only known Host names."""

from __future__ import annotations

import functools
import ipaddress
import logging
import socket
from collections.abc import Sequence

from flask import Response, request

from app.http import responses
from app.wire.addresses import is_loopback

log = logging.getLogger(__name__)

LOCAL_SUFFIXES = (".localhost", ".local", ".internal")


class HostPolicy:
    """The `Host` names that a request to a loopback address may have."""

    def __init__(self, allowed_hosts: Sequence[str]) -> None:
        self._allows_all = "*" in allowed_hosts
        self._names = {"", "localhost", socket.gethostname().lower()}
        self._names.update(host.lower() for host in allowed_hosts)

    def check(self) -> Response | None:
        """Return 403 for an unknown Host, 204 for OPTIONS, None to go on."""
        if self._allows_all or not is_loopback(request.environ.get("SERVER_NAME", "")):
            return None
        host = without_port(request.headers.get("Host", ""))
        if is_own_address(host):
            return None
        if host.lower() in self._names or host.lower().endswith(LOCAL_SUFFIXES):
            return responses.empty(204) if request.method == "OPTIONS" else None
        log.warning(
            "refused Host %r: behind a proxy or a public name, set ALLOWED_HOSTS", host
        )
        return responses.empty(403)


def without_port(host: str) -> str:
    """Return the host of a `Host` header, an IPv6 address without its brackets."""
    if host.startswith("["):
        return host[1:].partition("]")[0]
    return host.partition(":")[0]


def is_own_address(host: str) -> bool:
    """Return whether the host is an IP address of this machine or a private one.

    A page from elsewhere cannot have such a Host by DNS rebinding.
    """
    is_near = is_near_address(host)
    return is_bindable(host) if is_near is None else is_near


@functools.lru_cache
def is_near_address(host: str) -> bool | None:
    """Return whether the host is a loopback or private IP, None for any other IP."""
    try:
        address = ipaddress.ip_address(host)
    except ValueError:
        return False
    is_near = address.is_loopback or address.is_private or address.is_unspecified
    return is_near or None


def is_bindable(address: str) -> bool:
    """Return whether this machine has the IP address: only then can it be bound."""
    family = socket.AF_INET6 if ":" in address else socket.AF_INET
    try:
        with socket.socket(family, socket.SOCK_DGRAM) as sock:
            sock.bind((address, 0))
    except OSError:
        return False
    return True
