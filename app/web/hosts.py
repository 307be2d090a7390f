"""The guard against DNS rebinding: on a loopback listener, only known Host names."""

from __future__ import annotations

import functools
import ipaddress
import logging
import socket
from collections.abc import Sequence

from flask import Flask, Response

from app.web import replies
from app.web.current import current_request
from app.wire.addresses import is_loopback

log = logging.getLogger(__name__)

LOCAL_SUFFIXES = (".localhost", ".local", ".internal")


def init_app(app: Flask, allowed_hosts: Sequence[str]) -> None:
    if "*" in allowed_hosts:
        return
    names = {"", "localhost", socket.gethostname().lower()}
    names.update(host.lower() for host in allowed_hosts)

    @app.before_request
    def check_host() -> Response | None:
        environ = current_request().environ
        if not is_loopback(environ.get("SERVER_NAME", "")):
            return None
        host = without_port(environ.get("HTTP_HOST", ""))
        if is_own_address(host):
            return None
        if host.lower() in names or host.lower().endswith(LOCAL_SUFFIXES):
            is_options = environ["REQUEST_METHOD"] == "OPTIONS"
            return replies.empty(204) if is_options else None
        log.warning(
            "refused Host %r: behind a proxy or a public name, set ALLOWED_HOSTS", host
        )
        return replies.empty(403)


def without_port(host: str) -> str:
    if host.startswith("["):
        return host[1:].partition("]")[0]
    return host.partition(":")[0]


def is_own_address(host: str) -> bool:
    """Is it an IP that a page elsewhere cannot have rebound to us?"""
    known = is_known(host)
    return is_of_this_machine(host) if known is None else known


@functools.lru_cache
def is_known(host: str) -> bool | None:
    """As far as the text tells; None for an address that may be this machine's."""
    try:
        address = ipaddress.ip_address(host)
    except ValueError:
        return False
    near = address.is_loopback or address.is_private or address.is_unspecified
    return near or None


def is_of_this_machine(address: str) -> bool:
    """Only an address of one's own can be bound."""
    family = socket.AF_INET6 if ":" in address else socket.AF_INET
    try:
        with socket.socket(family, socket.SOCK_DGRAM) as sock:
            sock.bind((address, 0))
    except OSError:
        return False
    return True
