"""The passthrough server: a real Ollama, which gets requests and replies unchanged.

It never gets the client's credentials, cookies or origin, nor a Cerebras key.
"""

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

# Lists every Cerellama server that a request has passed, to detect loops.
HOPS = "Cerellama-Hops"

# RFC 9110, section 7.6.1: fields that concern one connection only.
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
NOT_FORWARDED = {
    "authorization",
    "content-length",  # set again for the body that is sent
    "cookie",
    "expect",  # this server has sent the 100 Continue
    "host",
    "origin",
    "x-api-key",
}
LIST_TIMEOUT_S = 10.0
INVALID_LIST_ERRORS = (
    msgspec.DecodeError,
    UnicodeDecodeError,
    RecursionError,
    LookupError,
    TypeError,
)
MAX_LIST_BYTES = 16 * 1024 * 1024

Entry = dict[str, Any]


class Upload(Protocol):
    """A request body that is read while it is sent; length 0 means unknown."""

    def __len__(self) -> int: ...
    def __iter__(self) -> Iterator[bytes]: ...


@dataclass(frozen=True)
class ClientRequest:
    """A request as the client sent it."""

    method: str
    target: str  # path and query
    headers: Mapping[str, str] = field(default_factory=dict)
    body: bytes | Upload = b""


class Passthrough:
    """A client of the passthrough server."""

    def __init__(
        self,
        url: str,
        *,
        own_id: str,
        pool_size: int,
        connect_timeout_s: float,
        idle_timeout_s: float,
    ) -> None:
        """`own_id` identifies this server; all its processes have the same one."""
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
        request: ClientRequest,
        cancel: CancelToken,
        *,
        idle_timeout_s: float | None = None,
    ) -> Response:
        """Send a request on; return the response, whatever its status, body unread.

        Raises UpstreamLoop if the request has passed this server before, and
        UpstreamError or Cancelled if there is no response.
        """
        return self._http.send(
            self._forwarded(request),
            cancel,
            idle_timeout_s or self._idle_timeout_s,
            None if request.body == b"" else request.body,
            new_connection=not isinstance(
                request.body, bytes
            ),  # an upload can be read once
        )

    def entries(self, path: str, key: str, hops: str = "") -> list[Entry]:
        """Return the objects in the list `key` of a JSON reply; raise UpstreamError."""
        request = ClientRequest("GET", path, {HOPS: hops})
        response = self.send(request, CancelToken(), idle_timeout_s=LIST_TIMEOUT_S)
        data = response.body.read_all(MAX_LIST_BYTES)
        if response.status != HTTPStatus.OK:
            raise UpstreamError(f"{self.name} answered with status {response.status}")
        try:
            entries = msgspec.json.decode(data)[key] or []
            return [entry for entry in entries if isinstance(entry, dict)]
        except INVALID_LIST_ERRORS as error:
            raise UpstreamError(f"{self.name} sent no list of models") from error

    def _forwarded(self, request: ClientRequest) -> Request:
        headers = dict(end_to_end_headers(request.headers.items(), NOT_FORWARDED))
        headers[HOPS] = self._add_hop(request.headers.get(HOPS, ""))
        headers.setdefault("User-Agent", f"cerellama/{VERSION}")
        headers.setdefault("Accept-Encoding", "identity")
        body = request.body
        if not isinstance(body, bytes) and len(body):
            headers["Content-Length"] = str(len(body))
        # The target is not normalized: it is sent as the client wrote it.
        return self._http.make_request(
            request.method, self._path + request.target, headers
        )

    def _add_hop(self, hops: str) -> str:
        passed = [hop.strip() for hop in hops.split(",") if hop.strip()]
        if self._own_id in passed:
            raise UpstreamLoop(
                "this request has been here before: OLLAMA_PASSTHROUGH_URL leads "
                "back to this server"
            )
        return ", ".join([*passed, self._own_id])


def end_to_end_headers(
    headers: Iterable[tuple[str, str]], excluded: Iterable[str] = ()
) -> list[tuple[str, str]]:
    """Return the headers that may be forwarded, without the `excluded` ones.

    `excluded` are names in lower case.
    """
    headers = list(headers)
    dropped = HOP_BY_HOP.union(excluded)
    for name, value in headers:
        if name.lower() == "connection":
            dropped.update(option.strip().lower() for option in value.split(","))
        if name.lower() == "transfer-encoding":
            dropped.add("content-length")  # RFC 9112, section 6.3: it is overridden
    return [(name, value) for name, value in headers if name.lower() not in dropped]
