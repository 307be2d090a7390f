"""Heads of HTTP/1.1 messages, a request's spelled and an answer's read: RFC 9112.

As strict as the framing of bodies: a head read wrongly is a connection that lies ever
after.
"""

from __future__ import annotations

import errno
import re
from collections.abc import Callable, Mapping
from http import HTTPStatus
from http.client import HTTPException, RemoteDisconnected
from typing import NamedTuple

from app.http1.chunked import TOKEN

OK, SWITCHING = HTTPStatus.OK, HTTPStatus.SWITCHING_PROTOCOLS
MOST_HEADS = 20  # those that only tell something beforehand included
MAX_BYTES = 64 * 1024
EMPTY_LINE = b"\r\n\r\n"
FIELD = rb"%b:[^\0\r\n]*" % TOKEN
REQUEST = re.compile(rb"[!-~]+ [!-~]+ HTTP/1\.1\r\n(?:%b\r\n)*" % FIELD)
ANSWER = re.compile(rb"HTTP/1\.([01]) ([1-9]\d\d)(?: [^\0\r\n]*)?(?:\r\n%b)*" % FIELD)


class NotHTTP(HTTPException):
    """What came is no HTTP/1.1."""


class NotSendable(HTTPException):
    """What was to be sent would be no HTTP/1.1, or more than one request."""


class Head(NamedTuple):
    """What an answer says before its body."""

    status: int
    fields: list[tuple[str, str]]  # as they came
    headers: dict[str, str]  # by names in lower case, repeated ones joined
    stays: bool  # whether the connection may take another request


def spell(method: str, target: str, headers: Mapping[str, str]) -> bytes:
    """The head of a request, of as many lines as it is to have, but for its end."""
    fields = [f"{name}: {value}\r\n" for name, value in headers.items()]
    head = "".join([f"{method} {target} HTTP/1.1\r\n", *fields]).encode("latin-1")
    if not REQUEST.fullmatch(head) or head.count(b"\n") != 1 + len(fields):
        raise NotSendable
    return head


def receive(read: Callable[[], bytes]) -> tuple[Head, bytes]:
    """The head of the answer proper, and what came of its body with it.

    RemoteDisconnected when nothing came before the end, OSError when a part did.
    """
    data = b""
    for _ in range(MOST_HEADS):
        while EMPTY_LINE not in data:
            data += _more(read, data)
        head, _, data = data.partition(EMPTY_LINE)
        answer = parse(head)
        if answer.status >= OK:
            return answer, data
        if answer.status == SWITCHING:  # to what we have not asked for
            break
    raise NotHTTP


def parse(data: bytes) -> Head:
    """A head without the empty line at its end."""
    found = ANSWER.fullmatch(data)
    if not found:
        raise NotHTTP
    fields: list[tuple[str, str]] = []
    headers: dict[str, str] = {}
    for line in data.decode("latin-1").split("\r\n")[1:]:
        name, _, value = line.partition(":")
        value = value.strip(" \t")
        fields.append((name, value))
        name = name.lower()
        headers[name] = f"{headers[name]}, {value}" if name in headers else value
    closes = found[1] == b"0" or "close" in headers.get("connection", "").lower()
    return Head(int(found[2]), fields, headers, stays=not closes)


def _more(read: Callable[[], bytes], data: bytes) -> bytes:
    if len(data) > MAX_BYTES:
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
