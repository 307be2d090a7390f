"""Whatever a request waits for, it ends when its client leaves."""

from __future__ import annotations

import os
import socket
import threading
from time import monotonic

import pytest

from app.errors import Cancelled, ServerStopping
from app.http1.cancel import CancelToken
from app.upstream.running import stopping
from tests.conftest import Pair


def trip_soon(cancel: CancelToken) -> None:
    threading.Timer(0.05, cancel.cancel).start()


def open_descriptors() -> int:
    return len(os.listdir("/proc/self/fd"))


def test_a_wait_ends_by_itself() -> None:
    CancelToken().sleep(0.01)


def test_a_trip_ends_a_wait() -> None:
    cancel = CancelToken()
    trip_soon(cancel)
    begun = monotonic()

    with pytest.raises(Cancelled):
        cancel.sleep(30)

    assert monotonic() - begun < 5


def test_a_turn_is_waited_for() -> None:
    turn = threading.Event()
    threading.Timer(0.02, turn.set).start()

    CancelToken().wait(turn)

    assert turn.is_set()


def test_a_trip_ends_the_wait_for_a_turn() -> None:
    cancel = CancelToken()
    trip_soon(cancel)

    with pytest.raises(Cancelled):
        cancel.wait(threading.Event())
    with pytest.raises(Cancelled):
        cancel.wait(threading.Event())


def test_a_trip_ends_a_read(pair: Pair) -> None:
    cancel = CancelToken()
    cancel.attach(pair[0])
    trip_soon(cancel)

    assert pair[0].recv(1) == b""
    assert cancel.cancelled


def test_once_tripped_nothing_is_waited_for(pair: Pair) -> None:
    cancel = CancelToken()
    cancel.cancel()

    with pytest.raises(Cancelled):
        cancel.raise_if_cancelled()
    with pytest.raises(Cancelled):
        cancel.sleep(30)
    with pytest.raises(Cancelled):
        cancel.attach(pair[0])
    pair[1].send(b"x")
    assert pair[0].recv(1) == b"x"


def test_the_first_word_on_why_holds() -> None:
    left, ended = CancelToken(), CancelToken()

    left.cancel()
    left.cancel(stopping)
    ended.cancel(stopping)
    ended.cancel()

    with pytest.raises(Cancelled, match="the client has left"):
        left.raise_if_cancelled()
    with pytest.raises(ServerStopping):
        ended.sleep(30)


def test_a_released_socket_is_left_alone(pair: Pair) -> None:
    cancel = CancelToken()
    cancel.attach(pair[0])

    assert cancel.detach()
    cancel.cancel()

    pair[1].send(b"x")
    assert pair[0].recv(1) == b"x"


def test_who_releases_learns_that_the_socket_is_shut_down(pair: Pair) -> None:
    cancel = CancelToken()
    cancel.attach(pair[0])

    cancel.cancel()

    assert not cancel.detach()


def test_a_socket_is_held_however_it_is_wrapped_and_renumbered(pair: Pair) -> None:
    cancel = CancelToken()
    cancel.attach(pair[0])
    with socket.socket(fileno=pair[0].detach()) as wrapped:
        cancel.cancel()

        assert wrapped.recv(1) == b""


def test_a_socket_closed_meanwhile_harms_nobody(pair: Pair) -> None:
    cancel = CancelToken()
    cancel.attach(pair[0])
    number = pair[0].fileno()
    pair[0].close()
    ours, theirs = socket.socketpair()
    with ours, theirs:
        assert number in (ours.fileno(), theirs.fileno())

        cancel.cancel()

        theirs.send(b"x")
        assert ours.recv(1) == b"x"


def test_no_descriptor_is_left_open(pair: Pair) -> None:
    before = open_descriptors()
    for tripped in (False, True):
        cancel = CancelToken()
        cancel.attach(pair[0])
        cancel.attach(pair[1])
        if tripped:
            cancel.cancel()
            cancel.cancel()
        cancel.detach()

    assert open_descriptors() == before


def test_of_release_and_trip_at_once_one_has_the_socket() -> None:
    for _ in range(300):
        ours, theirs = socket.socketpair()
        with ours, theirs:
            cancel = CancelToken()
            cancel.attach(ours)
            tripper = threading.Thread(target=cancel.cancel)
            tripper.start()
            kept = cancel.detach()
            tripper.join()
            ours.setblocking(False)

            if kept:
                with pytest.raises(BlockingIOError):
                    ours.recv(1)
            else:
                assert ours.recv(1) == b""


def test_who_has_been_answered_may_leave_but_the_server_may_stop() -> None:
    cancel = CancelToken()
    cancel.reply_complete = True

    cancel.cancel()
    cancel.raise_if_cancelled()

    cancel.cancel(stopping)
    with pytest.raises(ServerStopping):
        cancel.raise_if_cancelled()
