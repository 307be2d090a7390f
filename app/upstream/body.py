"""One answer's body: the only place that returns a connection or throws it away."""

from __future__ import annotations

from collections.abc import Callable
from typing import NamedTuple

from app.errors import UpstreamError, UpstreamTimeout
from app.http1.cancel import CancelToken
from app.http1.errors import incomplete_error, read_error
from app.http1.framing import Framing, Unsized
from app.http1.readiness import MIN_WAIT_S


class Source(NamedTuple):
    """Where a body comes from, once the head before it has been read."""

    read: Callable[[float], bytes]  # waits so many seconds; b"" at the end
    framing: Framing
    hand_back: Callable[[], None]  # the connection, to its pool
    throw_away: Callable[[], None]  # the connection, but not its place in the pool


class Body:
    """The payload of an answer, one socket read at a time, until `ended`.

    It may last for minutes, so it knows nothing of the request that was answered.
    """

    def __init__(
        self,
        source: Source,
        cancel: CancelToken,
        idle_timeout_s: float,
        peer: str,
    ) -> None:
        self.ended = False
        self._source = source
        self._cancel = cancel
        self._idle_timeout_s = idle_timeout_s
        self._peer = peer
        self._silent_s = 0.0
        self._read, self._framing = source.read, source.framing
        if self._framing.done:
            self._finish()

    def read(self, wait_s: float) -> bytes:
        """What comes within `wait_s`: b"" when that is nothing, or only framing."""
        wait_s = min(wait_s, self._idle_timeout_s - self._silent_s)
        try:
            data = self._read(max(wait_s, MIN_WAIT_S))
            self._silent_s = 0.0
            if not data:
                self._reach_end()
                return b""
            payload = self._framing.feed(data)
            if self._framing.done:
                self._finish()
            return payload
        except TimeoutError:
            self._stay_silent(wait_s)
            return b""
        except OSError as error:
            self.close()
            self._cancel.raise_if_cancelled()
            raise read_error(error, self._peer) from error
        except BaseException:
            self.close()
            raise

    def read_all(self, limit: int) -> bytes:
        """The whole body, which must not be larger than `limit`."""
        payload = bytearray()
        while not self.ended:
            payload += self.read(self._idle_timeout_s)
            if len(payload) > limit:
                self.close()
                raise UpstreamError(f"{self._peer} sent an answer that is too large")
        return bytes(payload)

    def close(self) -> None:
        """Throw the connection away, unless the body has ended."""
        if not self.ended:
            self.ended = True
            self._cancel.detach()
            self._source.throw_away()

    def _stay_silent(self, wait_s: float) -> None:
        self._silent_s += wait_s
        if self._silent_s >= self._idle_timeout_s:
            self.close()
            raise UpstreamTimeout(
                f"{self._peer} sent nothing for {self._idle_timeout_s:g} seconds"
            )

    def _reach_end(self) -> None:
        self._cancel.raise_if_cancelled()
        if not isinstance(self._framing, Unsized):
            raise incomplete_error(self._peer)
        self._finish()

    def _finish(self) -> None:
        """A socket that was shut down meanwhile must not be anyone else's next."""
        self.ended = True
        if self._cancel.detach() and not self._framing.excess:
            self._source.hand_back()
        else:
            self._source.throw_away()
