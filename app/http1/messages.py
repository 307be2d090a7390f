"""HTTP/1.1 messages: request heads, response heads and body framing (RFC 9112).

Parsing is strict: a message that is read wrongly corrupts every later message on its
connection.
"""

import errno
import re
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field
from functools import cached_property
from http import HTTPStatus
from http.client import HTTPException, RemoteDisconnected
from typing import NamedTuple, Protocol

from app.http1 import chunked
from app.http1.chunked import TOKEN

OK, SWITCHING = HTTPStatus.OK, HTTPStatus.SWITCHING_PROTOCOLS
MAX_HEADS = 20  # of one response: informational ones (1xx) and the final one
MAX_HEAD_BYTES = 64 * 1024
EMPTY_LINE = b"\r\n\r\n"
FIELD = rb"%b:[^\0\r\n]*" % TOKEN
REQUEST_HEAD = re.compile(rb"[!-~]+ [!-~]+ HTTP/1\.1\r\n(?:%b\r\n)*" % FIELD)
RESPONSE_HEAD = re.compile(
    rb"HTTP/1\.([01]) ([1-9]\d\d)(?: [^\0\r\n]*)?(?:\r\n%b)*" % FIELD
)
LENGTH = re.compile("[0-9]{1,18}")
BODILESS_STATUSES = (HTTPStatus.NO_CONTENT, HTTPStatus.NOT_MODIFIED)
# Methods whose requests need no Content-Length when they have no body.
BODILESS_METHODS = ("GET", "HEAD", "DELETE", "OPTIONS", "TRACE")
CONTENT_LENGTH = "Content-Length"
LENGTH_LINE = b"Content-Length: %d\r\n\r\n"
CHUNKED_LINE = b"Transfer-Encoding: chunked\r\n\r\n"

RequestBody = bytes | Iterable[bytes] | None


class NotHTTP(HTTPException):
    """The peer sent something that is not an HTTP/1.1 response."""


class NotSendable(HTTPException):
    """The request would not be valid HTTP/1.1, or would be more than one request."""


@dataclass(frozen=True)
class Request:
    """A request without its body. It can be sent many times; it is serialized once."""

    method: str
    target: str  # path and query; the whole URL for a forwarding proxy
    headers: Mapping[str, str] = field(repr=False)

    @cached_property
    def head(self) -> bytes:
        """The serialized head, without its final empty line."""
        return serialize_head(self.method, self.target, self.headers)


class ResponseHead(NamedTuple):
    """The status line and the header fields of a response."""

    status: int
    fields: list[tuple[str, str]]  # in the order and spelling of the response
    headers: dict[str, str]  # names in lower case, repeated fields joined with ", "
    keep_alive: bool  # whether the connection may take another request


class BodyDecoder(Protocol):
    """Removes the framing of a body.

    `done` says that the body has ended, `excess` that bytes came after its end.
    """

    done: bool
    excess: bool

    def feed(self, data: bytes) -> bytes:
        """Return the payload in `data`, the next bytes of the connection."""


class LengthDecoder:
    """Decodes a body with a Content-Length."""

    def __init__(self, length: int) -> None:
        self._left = length
        self.done = length == 0
        self.excess = False

    def feed(self, data: bytes) -> bytes:
        payload = data[: self._left]
        self._left -= len(payload)
        self.done = self._left == 0
        self.excess = self.excess or len(payload) < len(data)
        return payload


class UntilCloseDecoder:
    """Decodes a body that ends with its connection."""

    done = False
    excess = False

    def feed(self, data: bytes) -> bytes:
        return data


def serialize_head(method: str, target: str, headers: Mapping[str, str]) -> bytes:
    """Return a request head without the final empty line; raise NotSendable."""
    fields = [f"{name}: {value}\r\n" for name, value in headers.items()]
    head = "".join([f"{method} {target} HTTP/1.1\r\n", *fields]).encode("latin-1")
    if not REQUEST_HEAD.fullmatch(head) or head.count(b"\n") != 1 + len(fields):
        raise NotSendable
    return head


def frame_request_body(
    method: str, headers: Mapping[str, str], body: RequestBody
) -> tuple[bytes, Iterable[bytes]]:
    """Return the end of the request head and the pieces to send after it."""
    if body is None:
        return (b"\r\n" if method in BODILESS_METHODS else LENGTH_LINE % 0), ()
    if isinstance(body, bytes):
        return LENGTH_LINE % len(body), (body,)
    if CONTENT_LENGTH in headers:
        return b"\r\n", body
    return CHUNKED_LINE, chunked.encode(body)


def read_response_head(read: Callable[[], bytes]) -> tuple[ResponseHead, bytes]:
    """Return the final response head and the bytes of the body that came with it.

    Raises:
        RemoteDisconnected: The connection was closed before the first byte.
        OSError: It was lost after that, or before (then with the original error).
        NotHTTP: The peer sent something else.
    """
    data = b""
    for _ in range(MAX_HEADS):
        while EMPTY_LINE not in data:
            data += _read_more(read, data)
        head, _, data = data.partition(EMPTY_LINE)
        response = parse_response_head(head)
        if response.status >= OK:
            return response, data
        if response.status == SWITCHING:  # no request asks for another protocol
            break
    raise NotHTTP


def parse_response_head(data: bytes) -> ResponseHead:
    """Parse a response head without its final empty line; raise NotHTTP."""
    match = RESPONSE_HEAD.fullmatch(data)
    if not match:
        raise NotHTTP
    fields: list[tuple[str, str]] = []
    headers: dict[str, str] = {}
    for line in data.decode("latin-1").split("\r\n")[1:]:
        name, _, value = line.partition(":")
        value = value.strip(" \t")
        fields.append((name, value))
        name = name.lower()
        headers[name] = f"{headers[name]}, {value}" if name in headers else value
    closes = match[1] == b"0" or "close" in headers.get("connection", "").lower()
    return ResponseHead(int(match[2]), fields, headers, keep_alive=not closes)


def response_decoder(head: ResponseHead, method: str) -> BodyDecoder:
    """Return the decoder of a response body; raise NotHTTP for invalid framing."""
    if method == "HEAD" or head.status in BODILESS_STATUSES:
        return LengthDecoder(0)
    coding = head.headers.get("transfer-encoding")
    if coding is not None:
        if coding.lower() != "chunked":  # no request accepts another coding
            raise NotHTTP
        return chunked.ChunkedDecoder()
    length = head.headers.get("content-length")
    if length is None:
        return UntilCloseDecoder()
    # RFC 9112, section 6.3: equal lengths may be repeated.
    lengths = {each.strip() for each in length.split(",")}
    length = lengths.pop()
    if lengths or not LENGTH.fullmatch(length):
        raise NotHTTP
    return LengthDecoder(int(length))


def _read_more(read: Callable[[], bytes], data: bytes) -> bytes:
    """Return the next bytes of a head of which `data` has been read."""
    if len(data) > MAX_HEAD_BYTES:
        raise NotHTTP
    try:
        more = read()
    except TimeoutError:
        raise
    except OSError:
        if not data:
            raise
        more = b""
    if not more and data:
        raise OSError(errno.EPROTO, "its answer was cut short")
    if not more:
        raise RemoteDisconnected("")
    return more
