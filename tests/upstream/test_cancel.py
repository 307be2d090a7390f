"""Whatever a request waits for, it ends when its client leaves."""

from __future__ import annotations

import os
import socket
import threading
from time import monotonic

import pytest

from app.errors import Cancelled, ServerStopping
from app.upstream.cancel import Cancel
from app.upstream.running import stopping
from tests.conftest import Pair


def trip_soon(cancel: Cancel) -> None:
    threading.Timer(0.05, cancel.trip).start()


def open_descriptors() -> int:
    return len(os.listdir("/proc/self/fd"))


def test_a_wait_ends_by_itself() -> None:
    Cancel().wait(0.01)


def test_a_trip_ends_a_wait() -> None:
    cancel = Cancel()
    trip_soon(cancel)
    begun = monotonic()

    with pytest.raises(Cancelled):
        cancel.wait(30)

    assert monotonic() - begun < 5


def test_a_turn_is_waited_for() -> None:
    turn = threading.Event()
    threading.Timer(0.02, turn.set).start()

    Cancel().wait_for(turn)

    assert turn.is_set()


def test_a_trip_ends_the_wait_for_a_turn() -> None:
    cancel = Cancel()
    trip_soon(cancel)

    with pytest.raises(Cancelled):
        cancel.wait_for(threading.Event())
    with pytest.raises(Cancelled):
        cancel.wait_for(threading.Event())


def test_a_trip_ends_a_read(pair: Pair) -> None:
    cancel = Cancel()
    cancel.hold(pair[0])
    trip_soon(cancel)

    assert pair[0].recv(1) == b""
    assert cancel.tripped


def test_once_tripped_nothing_is_waited_for(pair: Pair) -> None:
    cancel = Cancel()
    cancel.trip()

    with pytest.raises(Cancelled):
        cancel.check()
    with pytest.raises(Cancelled):
        cancel.wait(30)
    with pytest.raises(Cancelled):
        cancel.hold(pair[0])
    pair[1].send(b"x")
    assert pair[0].recv(1) == b"x"


def test_the_first_word_on_why_holds() -> None:
    left, ended = Cancel(), Cancel()

    left.trip()
    left.trip(stopping)
    ended.trip(stopping)
    ended.trip()

    with pytest.raises(Cancelled, match="the client has left"):
        left.check()
    with pytest.raises(ServerStopping):
        ended.wait(30)


def test_a_released_socket_is_left_alone(pair: Pair) -> None:
    cancel = Cancel()
    cancel.hold(pair[0])

    assert cancel.release()
    cancel.trip()

    pair[1].send(b"x")
    assert pair[0].recv(1) == b"x"


def test_who_releases_learns_that_the_socket_is_shut_down(pair: Pair) -> None:
    cancel = Cancel()
    cancel.hold(pair[0])

    cancel.trip()

    assert not cancel.release()


def test_a_socket_is_held_however_it_is_wrapped_and_renumbered(pair: Pair) -> None:
    cancel = Cancel()
    cancel.hold(pair[0])
    with socket.socket(fileno=pair[0].detach()) as wrapped:
        cancel.trip()

        assert wrapped.recv(1) == b""


def test_a_socket_closed_meanwhile_harms_nobody(pair: Pair) -> None:
    cancel = Cancel()
    cancel.hold(pair[0])
    number = pair[0].fileno()
    pair[0].close()
    ours, theirs = socket.socketpair()
    with ours, theirs:
        assert number in (ours.fileno(), theirs.fileno())

        cancel.trip()

        theirs.send(b"x")
        assert ours.recv(1) == b"x"


def test_no_descriptor_is_left_open(pair: Pair) -> None:
    before = open_descriptors()
    for tripped in (False, True):
        cancel = Cancel()
        cancel.hold(pair[0])
        cancel.hold(pair[1])
        if tripped:
            cancel.trip()
            cancel.trip()
        cancel.release()

    assert open_descriptors() == before


def test_of_release_and_trip_at_once_one_has_the_socket() -> None:
    for _ in range(300):
        ours, theirs = socket.socketpair()
        with ours, theirs:
            cancel = Cancel()
            cancel.hold(ours)
            tripper = threading.Thread(target=cancel.trip)
            tripper.start()
            kept = cancel.release()
            tripper.join()
            ours.setblocking(False)

            if kept:
                with pytest.raises(BlockingIOError):
                    ours.recv(1)
            else:
                assert ours.recv(1) == b""


def test_who_has_been_answered_may_leave_but_the_server_may_stop() -> None:
    cancel = Cancel()
    cancel.answered = True

    cancel.trip()
    cancel.check()

    cancel.trip(stopping)
    with pytest.raises(ServerStopping):
        cancel.check()
