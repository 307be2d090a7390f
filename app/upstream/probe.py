"""One look at the upstream, on the way that requests take: does it answer, and how."""

from __future__ import annotations

import socket
from dataclasses import dataclass
from urllib.parse import urljoin, urlsplit

import requests
from requests.utils import get_environ_proxies, select_proxy

from app.errors import UpstreamError
from app.http1.cancel import CancelToken
from app.http1.client import HTTPClient, ResponseBody, path_of
from app.upstream.cerebras import HEADERS, LIST_TIMEOUT_S, MAX_ANSWER_BYTES, decode_ids
from app.upstream.error_responses import CEREBRAS
from app.upstream.quota import parse_date


@dataclass(frozen=True)
class Look:
    status: int
    ids: list[str]  # of the models served; empty unless the status is 200
    date_s: float | None  # the upstream's clock, seconds since 1970


def look(base_url: str, key: str | None, connect_timeout_s: float) -> Look:
    """Ask for the list of models; raises UpstreamError when no answer comes."""
    url = urljoin(base_url.rstrip("/") + "/", "models")
    client = HTTPClient(
        url, pool_size=1, connect_timeout_s=connect_timeout_s, peer=CEREBRAS
    )
    authorization = {"Authorization": f"Bearer {key}"} if key else {}
    request = client.request("GET", path_of(url), HEADERS | authorization)
    answer = client.send(request, CancelToken(), LIST_TIMEOUT_S)
    date = parse_date(answer.headers.get("date", ""))
    ids = _ids(answer.body) if answer.status == requests.codes.ok else []
    answer.body.close()
    return Look(answer.status, ids, date.timestamp() if date else None)


def is_resolved(url: str) -> bool:
    """Whether the name of the host has an address."""
    try:
        socket.getaddrinfo(urlsplit(url).hostname, None)
    except (OSError, UnicodeError):
        return False
    return True


def proxy_of(url: str) -> str | None:
    """The proxy that the environment sets for it, without its credentials."""
    proxy = select_proxy(url, get_environ_proxies(url))
    return proxy.rpartition("@")[2] if proxy else None


def _ids(body: ResponseBody) -> list[str]:
    try:
        return [model.id for model in decode_ids(body.read_all(MAX_ANSWER_BYTES)).data]
    except ValueError as error:  # what is no JSON, no UTF-8, or another document
        raise UpstreamError(
            "what answers is not Cerebras: no list of models"
        ) from error
