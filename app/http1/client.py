"""Send requests to one origin and read the responses.

Redirects are not followed and cookies are not kept.
"""

from collections.abc import Mapping
from http.client import HTTPException
from typing import NamedTuple
from urllib.parse import urlsplit

from requests.utils import requote_uri
from urllib3.exceptions import HTTPError

from app.errors import UpstreamError, UpstreamTimeout
from app.http1.cancel import CancelToken
from app.http1.connection import Connection
from app.http1.errors import (
    DISCONNECTS,
    CannotConnect,
    connect_error,
    incomplete_error,
    no_response_error,
)
from app.http1.messages import (
    BodyDecoder,
    Request,
    RequestBody,
    UntilCloseDecoder,
)
from app.http1.pool import ConnectionPool, Connector
from app.http1.readiness import MIN_WAIT_S


class Response(NamedTuple):
    """A response whose body is unread."""

    status: int
    headers: Mapping[str, str]  # names in lower case, repeated fields joined with ", "
    fields: list[tuple[str, str]]  # in the order and spelling of the response
    body: "ResponseBody"


class HTTPClient:
    """Sends requests to one origin over kept connections."""

    def __init__(
        self, url: str, *, pool_size: int, connect_timeout_s: float, peer: str
    ) -> None:
        """`peer` names the server in error messages."""
        self._connector = Connector(url, connect_timeout_s)
        self._pool = ConnectionPool(pool_size)
        self._peer = peer

    def make_request(
        self, method: str, target: str, headers: Mapping[str, str]
    ) -> Request:
        """Return a request that `send` can send; `target` is path and query."""
        connector = self._connector
        return Request(
            method,
            connector.target_prefix + target,
            {"Host": connector.host, **headers, **connector.request_headers},
        )

    def send(
        self,
        request: Request,
        cancel: CancelToken,
        idle_timeout_s: float,
        body: RequestBody = None,
        *,
        new_connection: bool = False,
    ) -> Response:
        """Send a request; return the response as soon as its head has arrived.

        A request on a kept connection that the server has closed in the meantime is
        sent again on a new one. With `new_connection` no kept one is used, for bodies
        that can be read only once.

        Raises:
            Cancelled: The token was cancelled.
            UpstreamTimeout: The server took longer than `idle_timeout_s` to take the
                request or to respond, or longer than the connect timeout to connect.
            UpstreamError: There is no response for another reason.
        """
        try:
            kept = None if new_connection else self._pool.take()
            if kept is not None:
                try:
                    return self._exchange(kept, request, cancel, idle_timeout_s, body)
                except DISCONNECTS:
                    cancel.raise_if_cancelled()
            connection = self._connect(cancel)
            return self._exchange(connection, request, cancel, idle_timeout_s, body)
        except (HTTPException, OSError) as error:
            cancel.raise_if_cancelled()
            raise no_response_error(error, self._peer) from None

    def _connect(self, cancel: CancelToken) -> Connection:
        try:
            return Connection(self._connector.connect(cancel))
        except (CannotConnect, HTTPError, HTTPException, OSError) as error:
            cancel.raise_if_cancelled()
            raise connect_error(error, self._peer) from None

    def _exchange(
        self,
        connection: Connection,
        request: Request,
        cancel: CancelToken,
        idle_timeout_s: float,
        body: RequestBody,
    ) -> Response:
        try:
            head, decoder = connection.exchange(request, body, cancel, idle_timeout_s)
        except BaseException:
            connection.close()
            cancel.detach()
            raise
        payload = ResponseBody(
            connection, self._pool, decoder, cancel, idle_timeout_s, self._peer
        )
        return Response(head.status, head.headers, head.fields, payload)


class ResponseBody:
    """The body of a response, one socket read at a time, until `ended`.

    It gives its connection back to the pool at the end, or closes it.
    """

    def __init__(
        self,
        connection: Connection,
        pool: ConnectionPool,
        decoder: BodyDecoder,
        cancel: CancelToken,
        idle_timeout_s: float,
        peer: str,
    ) -> None:
        self.ended = False
        self._connection = connection
        self._pool = pool
        self._decoder = decoder
        self._cancel = cancel
        self._idle_timeout_s = idle_timeout_s
        self._peer = peer
        self._silent_s = 0.0
        self._read = connection.read
        if decoder.done:
            self._finish()

    def read(self, wait_s: float) -> bytes:
        """Return the payload that arrives within `wait_s`.

        It is b"" if nothing, or only framing, arrives.

        Raises:
            Cancelled: The token was cancelled.
            UpstreamTimeout: Nothing arrived for the idle timeout.
            UpstreamError: The body is malformed, or the connection was lost.
        """
        wait_s = min(wait_s, self._idle_timeout_s - self._silent_s)
        try:
            data = self._read(max(wait_s, MIN_WAIT_S))
            self._silent_s = 0.0
            if not data:
                self._handle_end_of_connection()
                return b""
            payload = self._decoder.feed(data)
            if self._decoder.done:
                self._finish()
            return payload
        except TimeoutError:
            self._add_silence(wait_s)
            return b""
        except OSError as error:
            self.close()
            self._cancel.raise_if_cancelled()
            raise incomplete_error(self._peer, error) from error
        except BaseException:
            self.close()
            raise

    def read_all(self, limit: int) -> bytes:
        """Return the rest of the body; raise UpstreamError beyond `limit` bytes."""
        payload = bytearray()
        while not self.ended:
            payload += self.read(self._idle_timeout_s)
            if len(payload) > limit:
                self.close()
                raise UpstreamError(f"{self._peer} sent an answer that is too large")
        return bytes(payload)

    def close(self) -> None:
        """Close the connection unless the body has ended."""
        if not self.ended:
            self.ended = True
            self._cancel.detach()
            self._connection.close()

    def _add_silence(self, wait_s: float) -> None:
        self._silent_s += wait_s
        if self._silent_s >= self._idle_timeout_s:
            self.close()
            raise UpstreamTimeout(
                f"{self._peer} sent nothing for {self._idle_timeout_s:g} seconds"
            )

    def _handle_end_of_connection(self) -> None:
        self._cancel.raise_if_cancelled()
        if not isinstance(self._decoder, UntilCloseDecoder):
            raise incomplete_error(self._peer)
        self._finish()

    def _finish(self) -> None:
        """End the body; reuse the connection unless it was shut down or has excess."""
        self.ended = True
        if self._cancel.detach() and not self._decoder.excess:
            self._pool.put(self._connection)
        else:
            self._connection.close()


def path_of(url: str) -> str:
    """Return the path of a URL, percent-encoded."""
    return requote_uri(urlsplit(url).path)
