"""Send requests as clients that are not installed here send them."""

import contextlib
import http.client
import json
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any
from urllib.parse import urlsplit

import zstandard

from tests.live_server import Server

TIMEOUT_S = 20.0


@dataclass(frozen=True)
class Response:
    status: int
    headers: Mapping[str, str]  # by their names in lower case
    body: bytes

    @property
    def json(self) -> Any:
        return json.loads(self.body)

    @property
    def lines(self) -> list[Any]:
        """Return the objects of an NDJSON stream."""
        *lines, rest = self.body.split(b"\n")
        assert rest == b""
        return [json.loads(line) for line in lines]

    @property
    def events(self) -> list[Any]:
        """Return the objects of an SSE stream, without `[DONE]`."""
        *events, rest = self.body.split(b"\n\n")
        assert rest == b""
        data = [event.rpartition(b"data: ")[2] for event in events]
        return [json.loads(each) for each in data if each != b"[DONE]"]


def send_request(
    server: Server,
    method: str,
    path: str,
    body: Any = None,
    headers: Mapping[str, str] | None = None,
    *,
    compressed: bool = False,
) -> Response:
    """Send one request on a new connection, with these headers only."""
    connection = http.client.HTTPConnection(
        urlsplit(server.url).netloc, timeout=TIMEOUT_S
    )
    headers = dict(headers or {})
    data = None if body is None else json.dumps(body).encode()
    if data and compressed:
        data, headers["Content-Encoding"] = zstandard.compress(data), "zstd"
    with contextlib.closing(connection):
        connection.request(method, path, data, headers)
        response = connection.getresponse()
        named = {name.lower(): value for name, value in response.getheaders()}
        return Response(response.status, named, response.read())
