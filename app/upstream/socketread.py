"""Reads of everything that a connection has brought, head or body.

requests gives out one HTTP chunk at a time, and Cerebras sends one event in each.
"""

from __future__ import annotations

import socket
import ssl
from contextlib import suppress

from app.http1 import readiness

READ_BYTES = 32 * 1024  # at full speed the length of a turn: others wait for it


class SocketReader:
    """Reads the socket itself, whose timeout is set only when it changes."""

    def __init__(self, sock: socket.socket) -> None:
        self._sock = sock
        self._tls = sock if isinstance(sock, ssl.SSLSocket) else None
        self._wait_s = sock.gettimeout()
        self._wait_for = readiness.read_waiter(sock)
        self._recv = readiness.unwrapped(sock).recv
        self._ahead = b""

    def set_patience(self, wait_s: float) -> None:
        """For the socket to bring something or to take it."""
        self._sock.settimeout(wait_s)
        self._wait_s = wait_s

    def unread(self, data: bytes) -> None:
        """The next read brings this."""
        self._ahead = data

    def read(self, wait_s: float) -> bytes:
        """What is there, waited for; TimeoutError, or b"" at the end."""
        if self._ahead:
            ahead, self._ahead = self._ahead, b""
            return ahead
        if wait_s != self._wait_s:
            self.set_patience(wait_s)
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
        if not (sock.pending() or readiness.bytes_available(sock)):
            return records[0]
        size = len(records[0])
        sock.settimeout(0)
        with suppress(OSError):  # what it is, the next read finds again
            while records[-1] and size < READ_BYTES:
                records.append(sock.recv(READ_BYTES - size))
                size += len(records[-1])
        sock.settimeout(self._wait_s)
        return b"".join(records)
