"""Reads of everything a socket holds, from where http.client's head parser stopped.

requests gives out one HTTP chunk at a time, and Cerebras sends one event in each. All
that leans on the insides of urllib3, http.client and gevent to read below them is in
this file; where they are not as expected, `PublicReader` reads the public way.
"""

from __future__ import annotations

import io
import socket
import ssl
from contextlib import suppress
from http.client import HTTPMessage, HTTPResponse
from typing import Protocol, cast

import urllib3
from urllib3.exceptions import HTTPError, ReadTimeoutError

from app.errors import UpstreamTimeout
from app.upstream import waiting
from app.wire import chunked

READ_BYTES = 32 * 1024  # at full speed the length of a turn: others wait for it


class Reader(Protocol):
    def read(self, wait_s: float) -> bytes:
        """What is there, waited for; TimeoutError, or b"" at the end."""


class Framing(Protocol):
    """Where a body ends, and what of the bytes is its payload."""

    done: bool
    excess: bool

    def feed(self, data: bytes) -> bytes: ...


class Sized:
    """A body with a Content-Length."""

    def __init__(self, size: int) -> None:
        self._left = size
        self.done = size == 0
        self.excess = False

    def feed(self, data: bytes) -> bytes:
        payload = data[: self._left]
        self._left -= len(payload)
        self.done = self._left == 0
        self.excess = self.excess or len(payload) < len(data)
        return payload


class Unsized:
    """A body that ends with its connection."""

    done = False
    excess = False

    def feed(self, data: bytes) -> bytes:
        return data


class SocketReader:
    """Reads the socket itself; the timeout is the socket's, set only when it changes.

    Never a timeout while `BufferedReader` reads: SocketIO refuses to read after one.
    """

    def __init__(self, ahead: io.BufferedReader, sock: socket.socket) -> None:
        self._sock = sock
        self._tls = sock if isinstance(sock, ssl.SSLSocket) else None
        self._wait_s = 0.0
        self._wait_for = waiting.waiter(sock)
        self._recv = waiting.bare(sock).recv
        self._ahead = b""
        sock.settimeout(0)
        with suppress(OSError):  # nothing yet, or what the next read finds again
            self._ahead = ahead.read1(READ_BYTES)

    def read(self, wait_s: float) -> bytes:
        if self._ahead:
            ahead, self._ahead = self._ahead, b""
            return ahead
        if wait_s != self._wait_s:
            self._sock.settimeout(wait_s)
            self._wait_s = wait_s
        if self._tls is not None:
            return self._read_records(self._tls, wait_s)
        self._wait_for(wait_s)
        try:
            return self._recv(READ_BYTES)
        except BlockingIOError:  # woken in vain
            return self._sock.recv(READ_BYTES)

    def _read_records(self, sock: ssl.SSLSocket, wait_s: float) -> bytes:
        """One TLS read gives one record, of one event: take all that have come."""
        if not sock.pending():
            self._wait_for(wait_s)
        records = [sock.recv(READ_BYTES)]
        if not (sock.pending() or waiting.arrived(sock)):
            return records[0]
        size = len(records[0])
        sock.settimeout(0)
        with suppress(OSError):  # what it is, the next read finds again
            while records[-1] and size < READ_BYTES:
                records.append(sock.recv(READ_BYTES - size))
                size += len(records[-1])
        sock.settimeout(self._wait_s)
        return b"".join(records)


class PublicReader:
    """Reads what urllib3 gives out, chunk by chunk; it has undone the framing."""

    def __init__(self, raw: urllib3.BaseHTTPResponse) -> None:
        self._raw = raw

    def read(self, wait_s: float) -> bytes:
        """As long as the read timeout lasts: a timed out response reads no more."""
        try:
            return self._raw.read1(READ_BYTES)
        except ReadTimeoutError as error:
            raise UpstreamTimeout("the upstream has stopped answering") from error
        except HTTPError as error:
            raise ConnectionError("the connection was lost") from error


def open_body(raw: urllib3.BaseHTTPResponse) -> tuple[Reader, Framing]:
    """How to read a response's body, and how to know its end."""
    answer = getattr(raw, "_fp", None)
    ahead = getattr(answer, "fp", None)
    sock = getattr(getattr(ahead, "raw", None), "_sock", None)
    if (
        isinstance(answer, HTTPResponse)
        and isinstance(ahead, io.BufferedReader)
        and isinstance(sock, socket.socket)
    ):
        reader = SocketReader(ahead, sock)
        shed(answer, ahead)
        return reader, framing(answer)
    return PublicReader(raw), Unsized()


def shed(answer: HTTPResponse, ahead: io.BufferedReader) -> None:
    """Let go of what is large and read already, for the answer may last for minutes."""
    answer.fp = cast(io.BufferedReader, ahead.detach())
    answer.headers = answer.msg = HTTPMessage()


def framing(answer: HTTPResponse) -> Framing:
    """What the head says of the body's length."""
    if answer.chunked:
        return chunked.Decoder()
    return Unsized() if answer.length is None else Sized(answer.length)


def hand_back(raw: urllib3.BaseHTTPResponse) -> None:
    """Give the connection of a body that was read to its end back to the pool."""
    answer = getattr(raw, "_fp", None)
    if answer is not None:
        answer.close()
    raw.release_conn()


def throw_away(raw: urllib3.BaseHTTPResponse) -> None:
    """Close the connection, and leave its place in the pool to a new one."""
    raw.close()
    raw.release_conn()
