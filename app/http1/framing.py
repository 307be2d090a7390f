"""Where a body ends, be it a request's or an answer's: RFC 9112, section 6."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from http import HTTPStatus
from typing import Protocol

from app.http1 import chunked
from app.http1.head import Head, NotHTTP

SIZE = re.compile("[0-9]{1,18}")
BODILESS = (HTTPStatus.NO_CONTENT, HTTPStatus.NOT_MODIFIED)
MAY_BRING_NONE = ("GET", "HEAD", "DELETE", "OPTIONS", "TRACE")  # without saying so
LENGTH = "Content-Length"
SIZED = b"Content-Length: %d\r\n\r\n"
CHUNKED = b"Transfer-Encoding: chunked\r\n\r\n"


class Framing(Protocol):
    """Feed it what arrives, it gives the payload.

    `done` says that the body has ended, `excess` that bytes came after its end.
    """

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


def framing(head: Head, method: str) -> Framing:
    """What the head says of the body's end; NotHTTP if that is none."""
    if method == "HEAD" or head.status in BODILESS:
        return Sized(0)
    coding = head.headers.get("transfer-encoding")
    if coding is not None:
        if coding.lower() != "chunked":  # we ask for no other
            raise NotHTTP
        return chunked.Decoder()
    size = head.headers.get("content-length")
    if size is None:
        return Unsized()
    sizes = {each.strip() for each in size.split(",")}  # one may be told twice
    size = sizes.pop()
    if sizes or not SIZE.fullmatch(size):
        raise NotHTTP
    return Sized(int(size))


def framed(
    method: str, headers: Mapping[str, str], body: bytes | Iterable[bytes] | None
) -> tuple[bytes, Iterable[bytes]]:
    """The end of a request's head, which tells of its body, and that as it is sent."""
    if body is None:
        return (b"\r\n" if method in MAY_BRING_NONE else SIZED % 0), ()
    if isinstance(body, bytes):
        return SIZED % len(body), (body,)
    if LENGTH in headers:
        return b"\r\n", body
    return CHUNKED, chunked.encode(body)
