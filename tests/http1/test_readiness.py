"""Readiness of plain sockets; test_gevent.py covers gevent's."""

from app.http1 import readiness
from tests.conftest import Pair


def test_plain_socket_needs_no_waiter(pair: Pair) -> None:
    ours, _ = pair

    assert readiness.read_waiter(ours) is readiness.no_wait
    assert readiness.unwrapped(ours) is ours


def test_bytes_available_does_not_read_them(pair: Pair) -> None:
    ours, theirs = pair
    before = readiness.bytes_available(ours)

    theirs.send(b"abc")

    assert (before, readiness.bytes_available(ours)) == (0, 3)
    assert ours.recv(9) == b"abc"
