"""Ollama's Go client rewritten in Python: requests, line scanner and errors."""

import contextlib
import http.client
import json
from collections.abc import Iterable, Iterator, Mapping
from typing import Any
from urllib.parse import urlsplit

from tests.dropin import go_structs
from tests.dropin.go_structs import Kind

BUFFER = 8_000_000  # bytes; a line is shorter
TIMEOUT_S = 30
USER_AGENT = "ollama/0.33.0 (amd64 linux) Go/go1.26.6"
JSON, NDJSON = "application/json", "application/x-ndjson"


class ClientError(Exception):
    """An error without a status."""


class StatusError(ClientError):
    def __init__(self, status: int, text: str) -> None:
        super().__init__(text)
        self.status = status


class AuthorizationError(ClientError):
    """Status 401. The text of the server is lost."""

    def __init__(self, signin_url: str) -> None:
        super().__init__("401 Unauthorized")
        self.signin_url = signin_url


class GoClient:
    """`calls` has method and path of each request, `bodies` their bodies."""

    def __init__(self, url: str) -> None:
        self._netloc = urlsplit(url).netloc
        self.calls: list[str] = []
        self.bodies: list[Any] = []

    def do(
        self, method: str, path: str, kind: Kind = go_structs.anything, body: Any = None
    ) -> Any:
        """Send a request, and return the object of the reply, or None."""
        with self._open(method, path, JSON, body) as response:
            return read_object(response.status, response.read(), kind)

    def stream(
        self, path: str, kind: Kind, body: Mapping[str, Any]
    ) -> Iterator[dict[str, Any]]:
        """Send a request, and yield the object of each line of the reply."""
        with self._open("POST", path, NDJSON, body) as response:
            for line in scan(iter(lambda: response.read1(65536), b"")):
                yield kind(read_line(response.status, line))

    @contextlib.contextmanager
    def _open(
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
        data = None if body is None else json.dumps(body, separators=(",", ":"))
        connection = http.client.HTTPConnection(self._netloc, timeout=TIMEOUT_S)
        with contextlib.closing(connection):
            connection.request(method, path, data, headers)
            response = connection.getresponse()
            assert response.headers.get("Content-Encoding") is None
            yield response


def read_object(status: int, data: bytes, kind: Kind) -> Any:
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
    """Yield the lines of a body; the last one may have no line end."""
    rest = b""
    for part in parts:
        *lines, rest = (rest + part).split(b"\n")
        for line in lines:
            yield check_length(line).removesuffix(b"\r")
        check_length(rest)
    if rest:
        yield rest.removesuffix(b"\r")


def check_length(line: bytes) -> bytes:
    if len(line) >= BUFFER:
        raise ClientError("bufio.Scanner: token too long")
    return line


def read_line(status: int, line: bytes) -> Any:
    """Return the object of a line; raise ClientError if it is an error or not JSON."""
    try:
        value = json.loads(line)
        fields = go_structs.struct(go_structs.strings("error", "signin_url"))(value)
    except ValueError:
        text = line.decode()
        raise (
            StatusError(status, text) if status >= 400 else ClientError(text)
        ) from None
    if status == 401:
        raise AuthorizationError(fields["signin_url"])
    if status >= 400:
        raise StatusError(status, fields["error"])
    if fields["error"]:
        raise ClientError(fields["error"])
    return value
