"""Send requests as clients that are not installed here send them."""

import json
from collections.abc import Mapping
from typing import Any

import zstandard

from tests.conformance.client import Response, send_over_http
from tests.live_server import Server


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
    sent_headers = dict(headers or {})
    data = None if body is None else json.dumps(body).encode()
    if data and compressed:
        data, sent_headers["Content-Encoding"] = zstandard.compress(data), "zstd"
    return send_over_http(server.url)(method, path, data, sent_headers)
