"""What is needed of this machine: the store, the ports, and who may come in."""

from __future__ import annotations

import errno
import socket
from collections.abc import Iterator, Sequence

import requests
from sqlalchemy import make_url

from app.config import Config
from app.doctor.finding import Finding, failed, ok, warning
from app.errors import StoreUnavailable
from app.server.addresses import (
    DEFAULT_ADDRESS,
    OLLAMA_ADDRESS,
    is_free,
    listen_addresses,
    reachable,
)
from app.settings import Address
from app.store.store import Store
from app.web.requestid import HEADER
from app.wire.addresses import is_loopback

ANSWER_S = 2.0
REASONS = {
    errno.EADDRINUSE: "another program listens there. Stop it, or set PORT",
    errno.EACCES: "that takes more rights. Set PORT to 1024 or more",
    errno.EADDRNOTAVAIL: "this machine has no such address. Look at HOST",
}


def check_store(config: Config, store: Store) -> Finding:
    shown = make_url(config.database_url).render_as_string(hide_password=True)
    try:
        store.check()
        store.check_writable()
    except StoreUnavailable as error:
        return failed(
            "store",
            f"{shown}: {error.message}. Look at DATABASE_URL, at the rights on it, and "
            "for room on its disk; the log says why.",
        )
    return ok("store", f"{shown} can be read and written.")


def addresses(config: Config) -> list[Address]:
    """Where gunicorn would listen."""
    return listen_addresses(config, is_free)


def check_port(address: Address) -> Finding:
    try:
        bind(address)
    except OSError as error:
        if is_ours(address):
            return ok("port", f"A Cerellama listens at {address} already.")
        why = REASONS.get(error.errno or 0, f"{error.strerror}. Look at HOST and PORT")
        return failed("port", f"{address} cannot be bound: {why}.")
    return ok("port", f"{address} is free.")


def check_ollamas_port(bound: Sequence[Address]) -> Iterator[Finding]:
    """Browsers refuse port 6000, so that Ollama's own is wanted too."""
    if bound != [DEFAULT_ADDRESS] or is_ours(OLLAMA_ADDRESS):
        return
    yield warning(
        "port",
        f"{OLLAMA_ADDRESS} is left to another program (an Ollama?), so that only "
        f"{DEFAULT_ADDRESS} is bound, which browsers refuse. Stop it, or set PORT.",
    )


def check_access(config: Config, bound: Sequence[Address]) -> Finding:
    exposed = [str(address) for address in bound if not is_loopback(address.host)]
    if config.access_tokens:
        return ok("access", f"{len(config.access_tokens)} tokens let callers in.")
    if not exposed:
        return ok("access", "Without ACCESS_TOKENS, and only this machine can call.")
    return warning(
        "access",
        f"Whoever reaches {' or '.join(exposed)} spends your Cerebras credit. Set "
        "ACCESS_TOKENS, or listen on 127.0.0.1 only.",
    )


def bind(address: Address) -> None:
    family = socket.AF_INET6 if ":" in address.host else socket.AF_INET
    socket.create_server(address, family=family).close()


def is_ours(address: Address) -> bool:
    """No Ollama answers there, or any other program, as we do."""
    url = f"http://{reachable(address)}/healthz"
    with requests.Session() as session:
        session.trust_env = False  # no proxy leads to one's own machine
        try:
            answer = session.get(url, timeout=ANSWER_S)
        except requests.RequestException:
            return False
    return answer.ok and HEADER in answer.headers
