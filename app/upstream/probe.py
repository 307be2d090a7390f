"""Requests of `flask doctor` to the upstream, sent as inference requests are."""

import socket
from dataclasses import dataclass
from http import HTTPStatus
from urllib.parse import urljoin, urlsplit

from app.errors import UpstreamError
from app.http1.cancel import CancelToken
from app.http1.client import HTTPClient, ResponseBody, path_of
from app.http1.pool import read_environment
from app.upstream.cerebras import (
    HEADERS,
    LIST_TIMEOUT_S,
    MAX_RESPONSE_BYTES,
    decode_ids,
)
from app.upstream.error_responses import CEREBRAS
from app.upstream.quota import parse_date


@dataclass(frozen=True)
class ProbeResult:
    """The reply to a request for the list of models."""

    status: int
    ids: list[str]  # of the served models; empty unless the status is 200
    date_s: float | None  # the upstream's clock, seconds since 1970


def request_models(
    base_url: str, key: str | None, connect_timeout_s: float
) -> ProbeResult:
    """Request the list of models; raise UpstreamError if there is no response."""
    url = urljoin(base_url.rstrip("/") + "/", "models")
    client = HTTPClient(
        url, pool_size=1, connect_timeout_s=connect_timeout_s, peer=CEREBRAS
    )
    authorization = {"Authorization": f"Bearer {key}"} if key else {}
    request = client.make_request("GET", path_of(url), HEADERS | authorization)
    response = client.send(request, CancelToken(), LIST_TIMEOUT_S)
    date = parse_date(response.headers.get("date", ""))
    ids = _read_ids(response.body) if response.status == HTTPStatus.OK else []
    response.body.close()
    return ProbeResult(response.status, ids, date.timestamp() if date else None)


def has_address(url: str) -> bool:
    """Return whether the host of a URL can be resolved."""
    try:
        socket.getaddrinfo(urlsplit(url).hostname, None)
    except (OSError, UnicodeError):
        return False
    return True


def proxy_of(url: str) -> str | None:
    """Return the environment's proxy for a URL, without its credentials."""
    proxy, _ = read_environment(url)
    return proxy.rpartition("@")[2] if proxy else None


def _read_ids(body: ResponseBody) -> list[str]:
    try:
        return [
            model.id for model in decode_ids(body.read_all(MAX_RESPONSE_BYTES)).data
        ]
    except ValueError as error:  # not JSON, not UTF-8, or not a list of models
        raise UpstreamError("the reply is not a list of models") from error
