"""Checks of this machine: the store, the ports, and who can call the server."""

import errno
import socket
from collections.abc import Iterator, Sequence

import requests
from sqlalchemy import make_url

from app.config import Config
from app.doctor import Finding, failed, ok, warning
from app.errors import StoreUnavailable
from app.http.access import is_loopback
from app.http.logs import REQUEST_ID
from app.server.addresses import DEFAULT_ADDRESS, OLLAMA_ADDRESS, reachable
from app.settings import Address
from app.store.store import Store

HEALTHZ_TIMEOUT_S = 2.0
REASONS = {
    errno.EADDRINUSE: "another program listens on it. Stop that program, or set PORT",
    errno.EACCES: "permission denied. Set PORT to 1024 or more",
    errno.EADDRNOTAVAIL: "this machine has no such address. Check HOST",
}


def check_store(config: Config, store: Store) -> Finding:
    """Check that the store can be read and written."""
    url = make_url(config.database_url).render_as_string(hide_password=True)
    try:
        store.check()
        store.check_writable()
    except StoreUnavailable as error:
        return failed(
            "store",
            f"{url}: {error.message}. Check DATABASE_URL, the permissions and the free "
            "disk space; the log has the reason.",
        )
    return ok("store", f"{url} can be read and written.")


def check_port(address: Address) -> Finding:
    """Check that a server can listen on the address, or that a Cerellama does."""
    try:
        bind(address)
    except OSError as error:
        if is_cerellama(address):
            return ok("port", f"A Cerellama already listens at {address}.")
        reason = REASONS.get(error.errno or 0, f"{error.strerror}. Check HOST and PORT")
        return failed("port", f"{address} cannot be used: {reason}.")
    return ok("port", f"{address} is free.")


def check_default_port(addresses: Sequence[Address]) -> Iterator[Finding]:
    """Warn if the server listens only on port 6000, which browsers refuse."""
    if addresses != [DEFAULT_ADDRESS] or is_cerellama(OLLAMA_ADDRESS):
        return
    yield warning(
        "port",
        f"Another program (Ollama?) uses {OLLAMA_ADDRESS}, so the server listens only "
        f"at {DEFAULT_ADDRESS}, which browsers refuse. Stop that program, or set PORT.",
    )


def check_access(config: Config, addresses: Sequence[Address]) -> Finding:
    """Warn if other machines can call the server without a token."""
    exposed = [str(each) for each in addresses if not is_loopback(each.host)]
    if config.access_tokens:
        return ok("access", f"Callers need one of {len(config.access_tokens)} tokens.")
    if not exposed:
        return ok("access", "No ACCESS_TOKENS, but only this machine can call.")
    return warning(
        "access",
        f"Anyone who can reach {' or '.join(exposed)} spends your Cerebras credit. Set "
        "ACCESS_TOKENS, or listen on 127.0.0.1 only.",
    )


def bind(address: Address) -> None:
    """Raise OSError if a server cannot listen on the address."""
    family = socket.AF_INET6 if ":" in address.host else socket.AF_INET
    socket.create_server(address, family=family).close()


def is_cerellama(address: Address) -> bool:
    """Return whether `/healthz` at the address has the request id of Cerellama."""
    url = f"http://{reachable(address)}/healthz"
    with requests.Session() as session:
        session.trust_env = False  # no proxy for this machine
        try:
            response = session.get(url, timeout=HEALTHZ_TIMEOUT_S)
        except requests.RequestException:
            return False
    return response.ok and REQUEST_ID in response.headers
