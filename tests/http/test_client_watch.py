"""A client that leaves while its request waits."""

from __future__ import annotations

import socket
import struct
import threading

import gevent.socket
import pytest

from app.http.client_watch import is_gone, watch
from tests.conftest import Pair
from tests.gevent_process import Play

TIMEOUT_S = 5.0
SHORT_S = 0.1  # for what must not happen


@pytest.mark.parametrize("key", ["gunicorn.socket", "werkzeug.socket"])
def test_a_client_that_hangs_up_is_noticed(pair: Pair, key: str) -> None:
    gone = threading.Event()
    stop = watch({key: pair[0]}, gone.set)

    pair[1].close()

    assert gone.wait(TIMEOUT_S)
    stop()


def test_a_reset_connection_is_noticed() -> None:
    with socket.create_server(("127.0.0.1", 0)) as server:
        theirs = socket.create_connection(server.getsockname())
        ours, _ = server.accept()
    gone = threading.Event()
    stop = watch({"werkzeug.socket": ours}, gone.set)

    theirs.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
    theirs.close()

    assert gone.wait(TIMEOUT_S)
    stop()
    ours.close()


def test_a_client_that_sends_its_next_request_has_not_left(pair: Pair) -> None:
    gone = threading.Event()
    stop = watch({"werkzeug.socket": pair[0]}, gone.set)

    pair[1].send(b"GET / HTTP/1.1\r\n")

    assert not gone.wait(SHORT_S)
    assert pair[0].recv(3) == b"GET"
    stop()


def test_nobody_is_told_once_the_watch_has_ended(pair: Pair) -> None:
    gone = threading.Event()

    watch({"werkzeug.socket": pair[0]}, gone.set)()
    pair[1].close()

    assert not gone.wait(SHORT_S)


def test_every_watch_ends_its_thread(pair: Pair) -> None:
    for _ in range(20):
        watch({"werkzeug.socket": pair[0]}, lambda: None)()
    for thread in threading.enumerate():
        if thread.name == "watch":
            thread.join(TIMEOUT_S)

    assert "watch" not in [thread.name for thread in threading.enumerate()]


def test_without_a_socket_there_is_nothing_to_watch(pair: Pair) -> None:
    pair[0].close()

    watch({}, lambda: None)()
    watch({"werkzeug.socket": pair[0]}, lambda: None)()


def test_gevents_sockets_still_have_what_the_hub_can_read() -> None:
    """Without it a greenlet watches each client: slower, and nobody would notice."""
    assert hasattr(gevent.socket.socket, "_sock")


def test_a_socket_tells_whether_its_peer_is_there(pair: Pair) -> None:
    ours, theirs = pair

    assert is_gone(ours) is False
    theirs.send(b"x")
    assert is_gone(ours) is None
    ours.recv(1)
    theirs.close()
    assert is_gone(ours) is True
    ours.close()
    assert is_gone(ours) is True


@pytest.mark.parametrize(
    ("scene", "told"),
    [("hang_up", True), ("send_more", False), ("end_the_watch", False)],
)
def test_it_is_the_same_under_gevent(play: Play, scene: str, told: bool) -> None:
    assert play(scene) == {"told": told}
