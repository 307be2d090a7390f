"""One request, one answer: over HTTP as it is written, or within this process."""

from __future__ import annotations

import contextlib
import http.client
import json
import re
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field
from typing import Any
from urllib.parse import urlsplit

from flask.testing import FlaskClient

TIMEOUT_S = 10.0

# How replies are labelled.
J = "application/json; charset=utf-8"
P = "application/json"
N = "application/x-ndjson"
T = "text/plain"

MODEL = "gpt-oss-120b"
SEEING = "qwen-3.8-27b"

CHANGING = (
    (re.compile(r'"created_at":"[^"]+"'), '"created_at":"…"'),
    (re.compile(r'"remote_model":"[^"]+","remote_host":"[^"]+",'), ""),
)

Body = Mapping[str, Any] | Iterable[bytes] | bytes | None


@dataclass(frozen=True)
class Answer:
    status: int
    headers: Mapping[str, str]  # names in lower case
    body: bytes

    @property
    def kind(self) -> str | None:
        return self.headers.get("content-type")

    @property
    def text(self) -> str:
        """Without what changes from answer to answer, and what only we add."""
        text = self.body.decode()
        for pattern, stand_in in CHANGING:
            text = pattern.sub(stand_in, text)
        return text

    @property
    def json(self) -> Any:
        return json.loads(self.body)

    @property
    def lines(self) -> list[Any]:
        """The objects of a stream: one per line, every line ended."""
        *lines, rest = self.body.split(b"\n")
        assert rest == b""
        return [json.loads(line) for line in lines]


Ask = Callable[..., Answer]


@dataclass(frozen=True)
class Vector:
    """A request and what it must be answered with, to the letter."""

    request: str  # method and path
    body: Body = None
    status: int = 200
    kind: str | None = J
    text: str | None = None
    error: str | None = None
    headers: Mapping[str, str] = field(default_factory=dict)

    def check(self, ask: Ask) -> None:
        method, path = self.request.split(" ")
        answer = ask(method, path, self.body, self.headers)
        assert (answer.status, answer.kind) == (self.status, self.kind)
        if self.text is not None:
            assert answer.text == self.text
        if self.error is not None:
            assert answer.body.decode() == error_body(self.error)


def error_body(text: str) -> str:
    return json.dumps({"error": text}, ensure_ascii=False, separators=(",", ":"))


def encoded(body: Body) -> Iterable[bytes] | bytes | None:
    return json.dumps(body).encode() if isinstance(body, Mapping) else body


def over_http(url: str) -> Ask:
    """Each request on a connection of its own, its path untouched."""

    def ask(
        method: str, path: str, body: Body = None, headers: Mapping[str, str] = {}
    ) -> Answer:
        host = urlsplit(url).netloc
        connection = http.client.HTTPConnection(host, timeout=TIMEOUT_S)
        with contextlib.closing(connection):
            connection.request(
                method, path, encoded(body), dict(headers), encode_chunked=True
            )
            got = connection.getresponse()
            named = {name.lower(): value for name, value in got.getheaders()}
            return Answer(got.status, named, got.read())

    return ask


def within(client: FlaskClient) -> Ask:
    def ask(
        method: str, path: str, body: Body = None, headers: Mapping[str, str] = {}
    ) -> Answer:
        got = client.open(
            path, method=method, data=encoded(body), headers=dict(headers)
        )
        named = {name.lower(): value for name, value in got.headers}
        return Answer(got.status_code, named, got.data)

    return ask
