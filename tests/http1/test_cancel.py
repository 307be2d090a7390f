"""Cancelling ends every wait of a request, and nothing that belongs to another."""

import os
import socket
import threading
from collections.abc import Callable
from time import monotonic

import pytest

from app.errors import Cancelled, ServerStopping
from app.http1.cancel import CancelToken
from tests.conftest import Pair


def server_stopping() -> ServerStopping:
    return ServerStopping("the server is stopping")


def cancel_soon(cancel: CancelToken) -> None:
    threading.Timer(0.05, cancel.cancel).start()


def count_open_descriptors() -> int:
    return len(os.listdir("/proc/self/fd"))


def test_sleep_and_wait_return_after_their_time() -> None:
    event, begun = threading.Event(), monotonic()

    CancelToken().sleep(0.01)
    assert monotonic() - begun >= 0.01

    threading.Timer(0.02, event.set).start()
    CancelToken().wait(event)
    assert event.is_set()


@pytest.mark.parametrize(
    "wait",
    [
        lambda cancel: cancel.sleep(30),
        lambda cancel: cancel.wait(threading.Event()),
    ],
    ids=["sleep", "event"],
)
def test_cancel_ends_this_and_later_waits(wait: Callable[[CancelToken], None]) -> None:
    cancel, begun = CancelToken(), monotonic()
    cancel_soon(cancel)

    for _ in range(2):
        with pytest.raises(Cancelled):
            wait(cancel)

    assert monotonic() - begun < 5


def test_cancel_ends_a_read(pair: Pair) -> None:
    cancel = CancelToken()
    cancel.attach(pair[0])
    cancel_soon(cancel)

    assert pair[0].recv(1) == b""
    assert cancel.cancelled
    assert not cancel.detach()


def test_cancelled_token_refuses_every_wait(pair: Pair) -> None:
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


def test_first_reason_stays() -> None:
    left, stopped = CancelToken(), CancelToken()

    left.cancel()
    left.cancel(server_stopping)
    stopped.cancel(server_stopping)
    stopped.cancel()

    with pytest.raises(Cancelled, match="the client has left"):
        left.raise_if_cancelled()
    with pytest.raises(ServerStopping):
        stopped.sleep(30)


def test_detached_socket_is_not_shut_down(pair: Pair) -> None:
    cancel = CancelToken()
    cancel.attach(pair[0])

    assert cancel.detach()
    cancel.cancel()

    pair[1].send(b"x")
    assert pair[0].recv(1) == b"x"


def test_socket_is_shut_down_after_its_descriptor_was_moved(pair: Pair) -> None:
    cancel = CancelToken()
    cancel.attach(pair[0])
    with socket.socket(fileno=pair[0].detach()) as moved:
        cancel.cancel()

        assert moved.recv(1) == b""


def test_reused_descriptor_number_is_not_shut_down(pair: Pair) -> None:
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
    before = count_open_descriptors()
    for cancelled in (False, True):
        cancel = CancelToken()
        cancel.attach(pair[0])
        cancel.attach(pair[1])
        if cancelled:
            cancel.cancel()
            cancel.cancel()
        cancel.detach()

    assert count_open_descriptors() == before


def test_either_detach_or_cancel_gets_the_socket() -> None:
    for _ in range(300):
        ours, theirs = socket.socketpair()
        with ours, theirs:
            cancel = CancelToken()
            cancel.attach(ours)
            canceller = threading.Thread(target=cancel.cancel)
            canceller.start()
            detached = cancel.detach()
            canceller.join()
            ours.setblocking(False)

            if detached:
                with pytest.raises(BlockingIOError):
                    ours.recv(1)
            else:
                assert ours.recv(1) == b""


def test_disconnect_after_the_whole_reply_is_ignored_but_shutdown_is_not() -> None:
    cancel = CancelToken()
    cancel.reply_complete = True

    cancel.cancel()
    cancel.raise_if_cancelled()

    cancel.cancel(server_stopping)
    with pytest.raises(ServerStopping):
        cancel.raise_if_cancelled()
