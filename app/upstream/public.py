"""The way that urllib3 promises: its own pools and answers, chunk by chunk."""

from __future__ import annotations

from functools import partial

from urllib3 import BaseHTTPResponse, HTTPConnectionPool, Timeout
from urllib3.exceptions import HTTPError, ReadTimeoutError

from app.errors import UpstreamTimeout
from app.http1.framing import Unsized
from app.http1.head import Head
from app.upstream.body import Source
from app.upstream.connection import Request, RequestBody
from app.upstream.socketread import READ_BYTES


def exchange(
    pool: HTTPConnectionPool,
    request: Request,
    body: RequestBody,
    connect_s: float,
    wait_s: float,
) -> tuple[Head, Source]:
    """Send; the head of the answer, and where its body comes from."""
    raw = pool.urlopen(
        request.method,
        request.target,
        body,
        request.headers,
        retries=False,
        redirect=False,
        assert_same_host=False,
        timeout=Timeout(connect=connect_s, read=wait_s),
        preload_content=False,
        decode_content=False,
    )
    headers = {name.lower(): value for name, value in raw.headers.itermerged()}
    head = Head(raw.status, list(raw.headers.items()), headers, stays=True)
    # It has undone the framing.
    return head, Source(
        partial(read, raw), Unsized(), raw.release_conn, partial(throw_away, raw)
    )


def read(raw: BaseHTTPResponse, wait_s: float) -> bytes:
    """As long as the read timeout lasts: a timed out response reads no more."""
    try:
        return raw.read1(READ_BYTES)
    except ReadTimeoutError as error:
        raise UpstreamTimeout("the upstream has stopped answering") from error
    except HTTPError as error:
        raise ConnectionError("the connection was lost") from error


def throw_away(raw: BaseHTTPResponse) -> None:
    raw.close()
    raw.release_conn()
