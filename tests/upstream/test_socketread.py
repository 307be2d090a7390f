"""One read brings all that has come, and a time that is up ends nothing."""

from __future__ import annotations

import pytest

from app.upstream.socketread import READ_BYTES, SocketReader
from tests.conftest import Pair


def test_a_read_brings_all_that_has_come(pair: Pair) -> None:
    ours, theirs = pair
    for _ in range(20):
        theirs.sendall(b"x" * 50)

    assert SocketReader(ours).read(5) == b"x" * 1000


def test_a_read_has_an_end(pair: Pair) -> None:
    ours, theirs = pair
    theirs.setblocking(False)
    assert theirs.send(b"x" * 2 * READ_BYTES) > READ_BYTES

    assert len(SocketReader(ours).read(5)) == READ_BYTES


def test_what_was_read_too_far_is_read_again(pair: Pair) -> None:
    ours, theirs = pair
    theirs.sendall(b"there")
    reader = SocketReader(ours)
    reader.unread(b"ahead")

    assert [reader.read(5), reader.read(5)] == [b"ahead", b"there"]


def test_a_socket_is_read_on_after_a_timeout(pair: Pair) -> None:
    ours, theirs = pair
    reader = SocketReader(ours)

    for _ in range(3):
        with pytest.raises(TimeoutError):
            reader.read(0.01)
    theirs.sendall(b"late")

    assert reader.read(5) == b"late"


def test_the_end_is_nothing(pair: Pair) -> None:
    ours, theirs = pair
    reader = SocketReader(ours)
    theirs.close()

    assert [reader.read(5), reader.read(5)] == [b"", b""]
