"""Waiting under plain threads; under gevent see test_gevent.py."""

from __future__ import annotations

from app.upstream import waiting
from tests.conftest import Pair


def test_a_plain_socket_waits_as_it_reads(pair: Pair) -> None:
    ours, _ = pair

    assert waiting.waiter(ours) is waiting.no_wait
    assert waiting.bare(ours) is ours


def test_what_has_arrived_is_told_without_being_read(pair: Pair) -> None:
    ours, theirs = pair
    before = waiting.arrived(ours)

    theirs.send(b"abc")

    assert (before, waiting.arrived(ours)) == (0, 3)
    assert ours.recv(9) == b"abc"
