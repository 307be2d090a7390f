"""A real Ollama beside Cerebras: requests go there and answers come back unopened.

It learns nothing of who asks: no token, cookie or origin, and never a key of ours.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from http import HTTPStatus
from typing import Any, Protocol

import msgspec

from app.errors import UpstreamError, UpstreamLoop
from app.http1.cancel import CancelToken
from app.http1.client import HTTPClient, Response, path_of
from app.http1.messages import Request
from app.version import VERSION

# Names each Cerellama that a request has passed: one that finds itself is in a loop.
HOPS = "Cerellama-Hops"

# RFC 9110, section 7.6.1: what concerns one connection only.
HOP_BY_HOP = {
    "connection",
    "keep-alive",
    "proxy-authenticate",
    "proxy-authorization",
    "proxy-connection",
    "te",
    "trailer",
    "transfer-encoding",
    "upgrade",
}
NOT_SENT = {
    "authorization",
    "content-length",  # set anew, by the body
    "cookie",
    "expect",  # met already
    "host",
    "origin",
    "x-api-key",
}
LIST_TIMEOUT_S = 10.0
NO_LIST = (
    msgspec.DecodeError,
    UnicodeDecodeError,
    RecursionError,
    LookupError,
    TypeError,
)
MAX_LIST_BYTES = 16 * 1024 * 1024

Entry = dict[str, Any]


class Upload(Protocol):
    """A body that is still to be read; a length of 0 means that none is known."""

    def __len__(self) -> int: ...
    def __iter__(self) -> Iterator[bytes]: ...


@dataclass(frozen=True)
class Message:
    """A request as it came in."""

    method: str
    target: str  # path and query
    headers: Mapping[str, str] = field(default_factory=dict)
    body: bytes | Upload = b""


class Passthrough:
    def __init__(
        self,
        url: str,
        *,
        own_id: str,
        pool_size: int,
        connect_timeout_s: float,
        idle_timeout_s: float,
    ) -> None:
        """`own_id` is the same in every process of this server, and nowhere else."""
        self.name = f"the Ollama server at {url}"
        self._path = path_of(url)
        self._own_id = own_id
        self._idle_timeout_s = idle_timeout_s
        self._http = HTTPClient(
            url,
            pool_size=pool_size,
            connect_timeout_s=connect_timeout_s,
            peer=self.name,
        )

    def send(
        self,
        message: Message,
        cancel: CancelToken,
        *,
        idle_timeout_s: float | None = None,
    ) -> Response:
        """Its answer, whatever the status, once the head of it is there."""
        prepared = self._prepare(message)
        return self._http.send(
            prepared,
            cancel,
            idle_timeout_s or self._idle_timeout_s,
            None if message.body == b"" else message.body,
            fresh=not isinstance(message.body, bytes),  # cannot be sent twice
        )

    def entries(self, path: str, key: str, hops: str = "") -> list[Entry]:
        """One of its lists: the objects that its answer has under `key`."""
        message = Message("GET", path, {HOPS: hops})
        answer = self.send(message, CancelToken(), idle_timeout_s=LIST_TIMEOUT_S)
        data = answer.body.read_all(MAX_LIST_BYTES)
        if answer.status != HTTPStatus.OK:
            raise UpstreamError(f"{self.name} answered with status {answer.status}")
        return _entries(data, key, self.name)

    def _prepare(self, message: Message) -> Request:
        target = self._path + message.target  # as it came, not spelt anew
        headers = dict(onward(message.headers.items(), NOT_SENT))
        headers[HOPS] = self._add_hop(message.headers.get(HOPS, ""))
        headers.setdefault("User-Agent", f"cerellama/{VERSION}")
        headers.setdefault("Accept-Encoding", "identity")
        body = message.body
        if not isinstance(body, bytes) and len(body):
            headers["Content-Length"] = str(len(body))
        return self._http.request(message.method, target, headers)

    def _add_hop(self, hops: str) -> str:
        passed = [hop.strip() for hop in hops.split(",") if hop.strip()]
        if self._own_id in passed:
            raise UpstreamLoop(
                "this request has been here before: OLLAMA_PASSTHROUGH_URL leads "
                "back to this server"
            )
        return ", ".join([*passed, self._own_id])


def onward(
    headers: Iterable[tuple[str, str]], dropped: Iterable[str] = ()
) -> list[tuple[str, str]]:
    """The headers that concern more than one connection, less those `dropped`."""
    headers = list(headers)
    stays = HOP_BY_HOP.union(dropped)
    for name, value in headers:
        if name.lower() == "connection":
            stays.update(option.strip().lower() for option in value.split(","))
        if name.lower() == "transfer-encoding":
            stays.add("content-length")  # is not to be believed beside it
    return [(name, value) for name, value in headers if name.lower() not in stays]


def _entries(data: bytes, key: str, name: str) -> list[Entry]:
    try:
        listed = msgspec.json.decode(data)[key] or []
        return [entry for entry in listed if isinstance(entry, dict)]
    except NO_LIST as error:
        raise UpstreamError(f"{name} sent no list of models") from error
