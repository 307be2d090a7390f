"""Waiting under plain threads; under gevent see test_gevent.py."""

from __future__ import annotations

from app.http1 import readiness
from tests.conftest import Pair


def test_a_plain_socket_waits_as_it_reads(pair: Pair) -> None:
    ours, _ = pair

    assert readiness.read_waiter(ours) is readiness.no_wait
    assert readiness.unwrapped(ours) is ours


def test_what_has_arrived_is_told_without_being_read(pair: Pair) -> None:
    ours, theirs = pair
    before = readiness.bytes_available(ours)

    theirs.send(b"abc")

    assert (before, readiness.bytes_available(ours)) == (0, 3)
    assert ours.recv(9) == b"abc"
