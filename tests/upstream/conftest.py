"""Upstreams made for one test, and clients of them."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any

import pytest

from app.upstream.cerebras import Cerebras
from app.upstream.transport import Transport
from tests.cerebras import shared_fake  # noqa: F401  # not the servers' own
from tests.upstream.servers import CERTIFICATE, Script, Server

KEY = "csk-secret-4711"
PROXIES = ("http_proxy", "https_proxy", "all_proxy", "no_proxy")

Serve = Callable[..., Server]
Connect = Callable[..., Cerebras]


def transport_to(url: str, peer: str = "it") -> Transport:
    """One connection at a time is kept."""
    return Transport(url, pool_size=1, connect_timeout_s=2, peer=peer)


@pytest.fixture(autouse=True)
def _environment(monkeypatch: pytest.MonkeyPatch) -> None:
    """No proxy of the developer's stands between; the test's certificate is trusted."""
    for name in PROXIES:
        monkeypatch.delenv(name, raising=False)
        monkeypatch.delenv(name.upper(), raising=False)
    monkeypatch.setenv("REQUESTS_CA_BUNDLE", str(CERTIFICATE))


@pytest.fixture
def serve() -> Iterator[Serve]:
    servers: list[Server] = []

    def serve(*scripts: Script, tls: bool = False) -> Server:
        servers.append(Server(*scripts, tls=tls))
        return servers[-1]

    yield serve
    for server in servers:
        server.close()


@pytest.fixture
def connect() -> Connect:
    """Makes clients with short times, and no time for retries."""

    def connect(base_url: str, **settings: Any) -> Cerebras:
        defaults: dict[str, Any] = {
            "api_keys": (KEY,),
            "pool_size": 8,
            "connect_timeout_s": 2.0,
            "idle_timeout_s": 5.0,
            "retry_wait_s": 0.0,
        }
        return Cerebras(base_url=base_url, **{**defaults, **settings})

    return connect
