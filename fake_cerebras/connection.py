"""One client's HTTP/1.1 connection: requests in, answers out, and its sudden ends."""

from __future__ import annotations

import contextlib
import itertools
import socket
import struct
from collections.abc import Mapping
from http.server import BaseHTTPRequestHandler
from typing import Any

from fake_cerebras import payload
from fake_cerebras.script import Script

NUMBERS = itertools.count(1)


class Connection(BaseHTTPRequestHandler):
    """Says nothing about what is answered: that is `serve`."""

    protocol_version = "HTTP/1.1"
    disable_nagle_algorithm = True
    connection: socket.socket

    def serve(self) -> None:
        raise NotImplementedError

    def setup(self) -> None:
        super().setup()
        self.number = next(NUMBERS)
        self._script = Script()

    def _next(self) -> None:
        if self._script.connection == "close_on_next":
            self.close_connection = True
            return
        self._script = Script()
        self.status: int | None = None  # of the answer, once it has begun
        self.standing: Mapping[str, str] = {}  # headers of every answer
        self.serve()

    do_GET = do_HEAD = do_POST = do_PUT = do_PATCH = do_DELETE = do_OPTIONS = _next

    def read_body(self) -> bytes:
        if "chunked" in self.headers.get("transfer-encoding", ""):
            return b"".join(iter(self._read_chunk, b""))
        return self.rfile.read(int(self.headers.get("content-length") or 0))

    def _read_chunk(self) -> bytes:
        size = int(self.rfile.readline().partition(b";")[0], 16)
        data = self.rfile.read(size)
        self.rfile.readline()
        return data

    def play(self, script: Script) -> None:
        """Frame the answer, and treat the connection after it, as the script says."""
        self._script = script

    def begin(self, status: int, headers: Mapping[str, str]) -> None:
        """Send the head of an answer whose length nobody knows yet."""
        if self._script.framing == "chunked":
            self._head(status, {"transfer-encoding": "chunked"} | dict(headers))
        else:
            self.close_connection = True
            self._head(status, {"connection": "close"} | dict(headers))

    def write(self, data: bytes) -> None:
        self.wfile.write(data)

    def send(self, status: int, value: Any, headers: Mapping[str, str]) -> None:
        """Send a whole answer: text as text, all else as JSON."""
        kind, body = payload.render(value)
        known = {"content-type": kind, "content-length": str(len(body))}
        self._head(status, known | dict(headers))
        if self.command != "HEAD":
            self.write(body)

    def _head(self, status: int, headers: Mapping[str, str]) -> None:
        self.status = status
        headers = {**self.standing, **headers}
        if self._script.connection in ("close", "close_silently"):
            self.close_connection = True
        if self._script.connection == "close":
            headers["connection"] = "close"
        self.send_response_only(status)
        self.send_header("date", self.date_time_string())
        for name, value in headers.items():
            self.send_header(name, value)
        self.end_headers()

    def drop(self, *, reset: bool) -> None:
        """End the connection here: by a TCP reset, or as if all were well."""
        self.close_connection = True
        if not reset:
            return
        at_once = struct.pack("ii", 1, 0)
        self.connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, at_once)
        self.rfile.close()
        with contextlib.suppress(OSError):
            self.wfile.close()
        self.connection.close()

    def log_message(self, format: str, *arguments: Any) -> None:
        """Stay silent: what came is kept by the records."""
