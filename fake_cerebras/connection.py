"""One client's HTTP/1.1 connection: reading requests, sending responses, closing."""

import contextlib
import gzip
import itertools
import json
import socket
import struct
import zlib
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from http.server import BaseHTTPRequestHandler
from typing import Any, Self

import gevent
from gevent.event import Event
from gevent.socket import wait_read

from fake_cerebras.script import Script
from fake_cerebras.state import RequestRecord, State

CONNECTION_NUMBERS = itertools.count(1)


def dump_json(value: Any) -> str:
    return json.dumps(value, separators=(",", ":"), ensure_ascii=False)


class Connection(BaseHTTPRequestHandler):
    """An HTTP connection; a subclass answers each request in `serve`."""

    protocol_version = "HTTP/1.1"
    disable_nagle_algorithm = True
    connection: socket.socket

    def serve(self) -> None:
        raise NotImplementedError

    def setup(self) -> None:
        super().setup()
        self.number = next(CONNECTION_NUMBERS)
        self._script = Script()

    def _serve_next(self) -> None:
        if self._script.connection == "close_on_next":
            self.close_connection = True
            return
        self._script = Script()
        self.status: int | None = None  # of the response, once it has begun
        self.default_headers: dict[str, str] = {}
        self.serve()

    do_GET = do_HEAD = do_POST = do_PUT = do_PATCH = do_DELETE = do_OPTIONS = (
        _serve_next
    )

    def read_body(self) -> bytes:
        """Return the body of the request, without chunk framing and gzip."""
        if "chunked" in self.headers.get("transfer-encoding", ""):
            data = b"".join(iter(self._read_chunk, b""))
        else:
            data = self.rfile.read(int(self.headers.get("content-length") or 0))
        if self.headers.get("content-encoding") == "gzip":
            # Data that is not gzip stays as it is and fails as JSON.
            with contextlib.suppress(OSError, EOFError, zlib.error):
                return gzip.decompress(data)
        return data

    def _read_chunk(self) -> bytes:
        size = int(self.rfile.readline().partition(b";")[0], 16)
        data = self.rfile.read(size)
        self.rfile.readline()
        return data

    def use_script(self, script: Script) -> None:
        """Frame this response, and end the connection after it, as the script says."""
        self._script = script

    def start_response(self, status: int, headers: Mapping[str, str]) -> None:
        """Send the head of a response whose length is not known."""
        if self._script.framing == "chunked":
            self._send_head(status, {"transfer-encoding": "chunked"} | dict(headers))
        else:
            self.close_connection = True
            self._send_head(status, {"connection": "close"} | dict(headers))

    def write(self, data: bytes) -> None:
        self.wfile.write(data)

    def send(self, status: int, value: Any, headers: Mapping[str, str]) -> None:
        """Send a whole response: a string as text or HTML, other values as JSON."""
        if not isinstance(value, str):
            content_type, body = "application/json", dump_json(value).encode()
        elif value.lstrip().startswith("<"):
            content_type, body = "text/html", value.encode()
        else:
            content_type, body = "text/plain", value.encode()
        entity = {"content-type": content_type, "content-length": str(len(body))}
        self._send_head(status, entity | dict(headers))
        if self.command != "HEAD":
            self.write(body)

    def _send_head(self, status: int, headers: Mapping[str, str]) -> None:
        self.status = status
        headers = {**self.default_headers, **headers}
        if self._script.connection in ("close", "close_silently"):
            self.close_connection = True
        if self._script.connection == "close":
            headers["connection"] = "close"
        self.send_response_only(status)
        self.send_header("date", self.date_time_string())
        for name, value in headers.items():
            self.send_header(name, value)
        self.end_headers()

    def close_now(self, *, reset: bool) -> None:
        """Close the connection: by a TCP reset, or in the usual way."""
        self.close_connection = True
        if not reset:
            return
        no_linger = struct.pack("ii", 1, 0)
        self.connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, no_linger)
        self.rfile.close()
        with contextlib.suppress(OSError):
            self.wfile.close()
        self.connection.close()

    def log_message(self, format: str, *arguments: Any) -> None:
        """Log nothing: requests are kept as records."""


@dataclass(frozen=True)
class Request:
    connection: Connection
    state: State
    record: RequestRecord
    data: bytes

    def header(self, name: str) -> str:
        return self.record.headers.get(name, "")

    @property
    def key(self) -> str:
        return self.header("authorization").removeprefix("Bearer ")

    @property
    def organisation(self) -> str:
        return self.state.organisations.of(self.key)


class ClientDisconnected(Exception):
    pass


class DisconnectWatch:
    """Watches the socket of a client within a `with` block.

    A client that closes only its sending half counts as disconnected.
    """

    def __init__(
        self, connection: socket.socket, on_disconnect: Callable[[], None]
    ) -> None:
        self._connection = connection
        self._on_disconnect = on_disconnect
        self._disconnected = Event()

    def __enter__(self) -> Self:
        self._watcher = gevent.spawn(self._watch)
        return self

    def __exit__(self, *_: object) -> None:
        self._watcher.kill()

    def sleep(self, seconds: float | None = None, until: Event | None = None) -> None:
        """Sleep for a time, until an event is set, or forever.

        Raise `ClientDisconnected` as soon as the client disconnects. Zero seconds let
        other greenlets run.
        """
        events = [self._disconnected] if until is None else [self._disconnected, until]
        if seconds is not None and seconds <= 0:
            gevent.sleep(0)
        else:
            gevent.wait(events, timeout=seconds, count=1)
        if self._disconnected.is_set():
            raise ClientDisconnected

    def _watch(self) -> None:
        wait_read(self._connection.fileno())
        try:
            data = self._connection.recv(1, socket.MSG_PEEK)
        except OSError:
            data = b""
        if not data:  # data would be a pipelined request
            self._on_disconnect()
            self._disconnected.set()
