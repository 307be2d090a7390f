"""Scripted servers, and clients of them."""

from collections.abc import Callable, Iterator

import pytest

from app.http1.cancel import CancelToken
from app.http1.client import HTTPClient, Response
from tests.scripted_server import CERTIFICATE, Peer, Script, Server

PROXY_VARIABLES = ("http_proxy", "https_proxy", "all_proxy", "no_proxy")
MAX_BODY_BYTES = 1 << 24

Serve = Callable[..., Server]
Disconnect = Callable[[Peer], None]
disconnects = pytest.mark.parametrize(
    "disconnect", [Peer.close, Peer.reset], ids=["close", "reset"]
)
over_both = pytest.mark.parametrize("tls", [False, True], ids=["http", "https"])


@pytest.fixture(autouse=True)
def _environment(monkeypatch: pytest.MonkeyPatch) -> None:
    """Set no proxy, and trust the certificate of the scripted servers."""
    for name in PROXY_VARIABLES:
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


def make_client(
    url: str, *, pool_size: int = 8, connect_timeout_s: float = 2, peer: str = "it"
) -> HTTPClient:
    return HTTPClient(
        url, pool_size=pool_size, connect_timeout_s=connect_timeout_s, peer=peer
    )


def send(
    client: HTTPClient,
    method: str = "GET",
    *,
    cancel: CancelToken | None = None,
    timeout_s: float = 5,
    body: bytes | None = None,
) -> Response:
    request = client.make_request(method, "/v1", {})
    return client.send(request, cancel or CancelToken(), timeout_s, body)


def fetch(client: HTTPClient) -> bytes:
    """Return the whole body of a response."""
    return send(client).body.read_all(MAX_BODY_BYTES)
