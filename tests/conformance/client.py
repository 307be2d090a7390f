"""Send a request, over HTTP or to an app of this process, and check its response."""

import contextlib
import http.client
import json
import re
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field
from typing import Any
from urllib.parse import urlsplit

from flask.testing import FlaskClient

TIMEOUT_S = 20.0

# Content types
JSON = "application/json; charset=utf-8"
BARE_JSON = "application/json"
NDJSON = "application/x-ndjson"
TEXT = "text/plain"

GPT = "gpt-oss-120b"
QWEN = "qwen-3.8-27b"

REPLACEMENTS = (
    (re.compile(r'"created_at":"[^"]+"'), '"created_at":"…"'),
    (re.compile(r'"remote_model":"[^"]+","remote_host":"[^"]+",'), ""),
)

Body = Mapping[str, Any] | Iterable[bytes] | bytes | None


@dataclass(frozen=True)
class Response:
    status: int
    headers: Mapping[str, str]  # names in lower case
    body: bytes

    @property
    def content_type(self) -> str | None:
        return self.headers.get("content-type")

    @property
    def text(self) -> str:
        """The body without times, and without the fields that Ollama does not have."""
        text = self.body.decode()
        for pattern, replacement in REPLACEMENTS:
            text = pattern.sub(replacement, text)
        return text

    @property
    def json(self) -> Any:
        return json.loads(self.body)

    @property
    def lines(self) -> list[Any]:
        """The objects of a stream, one per line."""
        *lines, rest = self.body.split(b"\n")
        assert rest == b""
        return [json.loads(line) for line in lines]

    @property
    def events(self) -> list[Any]:
        """The objects of an SSE stream, without `[DONE]`."""
        *events, rest = self.body.split(b"\n\n")
        assert rest == b""
        data = [event.rpartition(b"data: ")[2] for event in events]
        return [json.loads(each) for each in data if each != b"[DONE]"]


Send = Callable[..., Response]


@dataclass(frozen=True)
class Case:
    """A request and its exact response."""

    route: str  # method and path
    body: Body = None
    status: int = 200
    content_type: str | None = JSON
    text: str | None = None
    error: str | None = None
    headers: Mapping[str, str] = field(default_factory=dict)

    def check(self, send: Send) -> None:
        method, path = self.route.split(" ")
        response = send(method, path, self.body, self.headers)
        assert (response.status, response.content_type) == (
            self.status,
            self.content_type,
        )
        if self.text is not None:
            assert response.text == self.text
        if self.error is not None:
            assert response.body.decode() == error_body(self.error)


def error_body(text: str) -> str:
    return json.dumps({"error": text}, ensure_ascii=False, separators=(",", ":"))


def encode(body: Body) -> Iterable[bytes] | bytes | None:
    return json.dumps(body).encode() if isinstance(body, Mapping) else body


def send_over_http(url: str) -> Send:
    """Send each request on a connection of its own, with its path unchanged."""

    def send(
        method: str, path: str, body: Body = None, headers: Mapping[str, str] = {}
    ) -> Response:
        host = urlsplit(url).netloc
        connection = http.client.HTTPConnection(host, timeout=TIMEOUT_S)
        with contextlib.closing(connection):
            connection.request(
                method, path, encode(body), dict(headers), encode_chunked=True
            )
            reply = connection.getresponse()
            fields = {name.lower(): value for name, value in reply.getheaders()}
            return Response(reply.status, fields, reply.read())

    return send


def send_to_app(client: FlaskClient) -> Send:
    def send(
        method: str, path: str, body: Body = None, headers: Mapping[str, str] = {}
    ) -> Response:
        reply = client.open(
            path, method=method, data=encode(body), headers=dict(headers)
        )
        fields = {name.lower(): value for name, value in reply.headers}
        return Response(reply.status_code, fields, reply.data)

    return send
