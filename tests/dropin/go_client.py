"""Ollama's Go client, in Python: its requests, its line scanner, its errors."""

from __future__ import annotations

import contextlib
import http.client
import json
from collections.abc import Iterable, Iterator, Mapping
from typing import Any
from urllib.parse import urlsplit

from tests.dropin import go_structs
from tests.dropin.go_structs import Kind

BUFFER = 8_000_000  # bytes, of which a line leaves one free
TIMEOUT_S = 30
USER_AGENT = "ollama/0.33.0 (amd64 linux) Go/go1.26.6"
JSON, NDJSON = "application/json", "application/x-ndjson"


class ClientError(Exception):
    """An error that has only a text."""


class StatusError(ClientError):
    def __init__(self, status: int, text: str) -> None:
        super().__init__(text)
        self.status = status


class AuthorizationError(ClientError):
    """401: the server's text is lost."""

    def __init__(self, signin_url: str) -> None:
        super().__init__("401 Unauthorized")
        self.signin_url = signin_url


class GoClient:
    """`calls` keeps what was asked, as "POST /api/show"; `bodies` what was sent."""

    def __init__(self, url: str) -> None:
        self._netloc = urlsplit(url).netloc
        self.calls: list[str] = []
        self.bodies: list[Any] = []

    def do(
        self, method: str, path: str, kind: Kind = go_structs.anything, body: Any = None
    ) -> Any:
        """One object, or none."""
        with self._asking(method, path, JSON, body) as answer:
            return whole(answer.status, answer.read(), kind)

    def stream(
        self, path: str, kind: Kind, body: Mapping[str, Any]
    ) -> Iterator[dict[str, Any]]:
        """A line's object at a time; also for an answer that is one object."""
        with self._asking("POST", path, NDJSON, body) as answer:
            for line in scan(iter(lambda: answer.read1(65536), b"")):
                yield kind(checked(answer.status, line))

    @contextlib.contextmanager
    def _asking(
        self, method: str, path: str, accept: str, body: Any
    ) -> Iterator[http.client.HTTPResponse]:
        self.calls.append(f"{method} {path}")
        self.bodies.append(body)
        headers = {
            "User-Agent": USER_AGENT,
            "Content-Type": JSON,
            "Accept": accept,
            "Accept-Encoding": "gzip",
        }
        sent = None if body is None else json.dumps(body, separators=(",", ":"))
        connection = http.client.HTTPConnection(self._netloc, timeout=TIMEOUT_S)
        with contextlib.closing(connection):
            connection.request(method, path, sent, headers)
            answer = connection.getresponse()
            assert answer.headers.get("Content-Encoding") is None
            yield answer


def whole(status: int, data: bytes, kind: Kind) -> Any:
    try:
        value = json.loads(data) if data else None
    except ValueError:
        value = {"error": data.decode()}
        if status < 400:
            raise
    if status == 401:
        raise AuthorizationError(value.get("signin_url", ""))
    if status >= 400:
        raise StatusError(status, (value or {}).get("error", ""))
    return kind(value)


def scan(parts: Iterable[bytes]) -> Iterator[bytes]:
    """The lines of a body; the last one may lack its end."""
    rest = b""
    for part in parts:
        *lines, rest = (rest + part).split(b"\n")
        for line in lines:
            yield bounded(line).removesuffix(b"\r")
        bounded(rest)
    if rest:
        yield rest.removesuffix(b"\r")


def bounded(line: bytes) -> bytes:
    if len(line) >= BUFFER:
        raise ClientError("bufio.Scanner: token too long")
    return line


def checked(status: int, line: bytes) -> Any:
    """A line's value; one that is no JSON, a blank one too, ends a stream."""
    try:
        value = json.loads(line)
        told = go_structs.struct(go_structs.strings("error", "signin_url"))(value)
    except ValueError:
        text = line.decode()
        raise (
            StatusError(status, text) if status >= 400 else ClientError(text)
        ) from None
    if status == 401:
        raise AuthorizationError(told["signin_url"])
    if status >= 400:
        raise StatusError(status, told["error"])
    if told["error"]:
        raise ClientError(told["error"])
    return value
