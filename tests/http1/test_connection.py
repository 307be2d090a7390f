"""A read returns everything that has arrived; a timeout does not end the connection."""

from typing import Any

import pytest

from app.http1.connection import MAX_READ_BYTES, Connection
from tests.conftest import Pair


def test_read_returns_everything_that_has_arrived(pair: Pair) -> None:
    ours, theirs = pair
    for _ in range(20):
        theirs.sendall(b"x" * 50)

    assert Connection(ours).read(5) == b"x" * 1000


def test_read_size_is_limited(pair: Pair) -> None:
    ours, theirs = pair
    theirs.setblocking(False)
    assert theirs.send(b"x" * 2 * MAX_READ_BYTES) > MAX_READ_BYTES

    assert len(Connection(ours).read(5)) == MAX_READ_BYTES


def test_connection_can_be_read_after_a_timeout(pair: Pair) -> None:
    ours, theirs = pair
    connection = Connection(ours)

    for _ in range(3):
        with pytest.raises(TimeoutError):
            connection.read(0.01)
    theirs.sendall(b"late")

    assert connection.read(5) == b"late"


class UnreadySocket:
    """A socket whose first read fails, as after a spurious wake-up."""

    def __init__(self) -> None:
        self._reads = 0

    def gettimeout(self) -> float:
        return 5.0

    def recv(self, size: int) -> bytes:
        self._reads += 1
        if self._reads == 1:
            raise BlockingIOError
        return b"data"


def test_read_waits_again_after_a_spurious_wake_up() -> None:
    sock: Any = UnreadySocket()

    assert Connection(sock).read(5.0) == b"data"


def test_read_after_the_end_returns_nothing(pair: Pair) -> None:
    ours, theirs = pair
    connection = Connection(ours)
    theirs.close()

    assert [connection.read(5), connection.read(5)] == [b"", b""]


def test_connection_is_idle_until_the_peer_sends_or_closes(pair: Pair) -> None:
    ours, theirs = pair
    connection = Connection(ours)

    assert connection.is_idle()
    theirs.close()
    assert not connection.is_idle()
