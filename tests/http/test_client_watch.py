"""Noticing that a client disconnected while its request waits."""

import socket
import struct
import threading
from collections.abc import Callable
from typing import Any

import gevent
import gevent.socket
import pytest

from app.http.client_watch import is_gone, watch
from tests.conftest import Pair
from tests.under_gevent import run_under_gevent

TIMEOUT_S = 5.0
SHORT_S = 0.1  # waited for an event that must not come


@pytest.mark.parametrize("key", ["gunicorn.socket", "werkzeug.socket"])
def test_disconnect_is_noticed(pair: Pair, key: str) -> None:
    gone = threading.Event()
    stop = watch({key: pair[0]}, gone.set)

    pair[1].close()

    assert gone.wait(TIMEOUT_S)
    stop()


def test_reset_connection_is_noticed() -> None:
    with socket.create_server(("127.0.0.1", 0)) as server:
        client_socket = socket.create_connection(server.getsockname())
        server_socket, _ = server.accept()
    gone = threading.Event()
    stop = watch({"werkzeug.socket": server_socket}, gone.set)

    client_socket.setsockopt(
        socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0)
    )
    client_socket.close()

    assert gone.wait(TIMEOUT_S)
    stop()
    server_socket.close()


def test_next_request_is_not_a_disconnect(pair: Pair) -> None:
    gone = threading.Event()
    stop = watch({"werkzeug.socket": pair[0]}, gone.set)

    pair[1].send(b"GET / HTTP/1.1\r\n")

    assert not gone.wait(SHORT_S)
    assert pair[0].recv(3) == b"GET"
    stop()


def test_ended_watch_reports_nothing(pair: Pair) -> None:
    gone = threading.Event()

    watch({"werkzeug.socket": pair[0]}, gone.set)()
    pair[1].close()

    assert not gone.wait(SHORT_S)


def test_ended_watch_leaves_no_thread(pair: Pair) -> None:
    for _ in range(20):
        watch({"werkzeug.socket": pair[0]}, lambda: None)()
    for thread in threading.enumerate():
        if thread.name == "watch":
            thread.join(TIMEOUT_S)

    assert "watch" not in [thread.name for thread in threading.enumerate()]


def test_missing_or_closed_socket_is_not_watched(pair: Pair) -> None:
    pair[0].close()

    watch({}, lambda: None)()
    watch({"werkzeug.socket": pair[0]}, lambda: None)()


def test_gevent_socket_has_the_attribute_that_the_watch_uses() -> None:
    """Without it a greenlet watches each client, which is slower."""
    assert hasattr(gevent.socket.socket, "_sock")


def test_is_gone_tells_a_closed_peer_from_a_silent_one(pair: Pair) -> None:
    server_socket, client_socket = pair

    assert is_gone(server_socket) is False
    client_socket.send(b"x")
    assert is_gone(server_socket) is None
    server_socket.recv(1)
    client_socket.close()
    assert is_gone(server_socket) is True
    server_socket.close()
    assert is_gone(server_socket) is True


StopWatch = Callable[[], None]


def watch_client(
    act: Callable[[socket.socket, StopWatch], None], timeout_s: float
) -> bool:
    """Return whether the watch reports a disconnect after the client's action."""
    server_socket, client_socket = socket.socketpair()
    gone = threading.Event()
    stop = watch({"gunicorn.socket": server_socket}, gone.set)
    with server_socket, client_socket:
        act(client_socket, stop)
        noticed = gone.wait(timeout_s)
    stop()
    stop()
    return noticed


def disconnect() -> bool:
    def act(client_socket: socket.socket, stop: StopWatch) -> None:
        gevent.sleep(0)
        client_socket.close()

    return watch_client(act, TIMEOUT_S)


def send_more() -> bool:
    def act(client_socket: socket.socket, stop: StopWatch) -> None:
        client_socket.send(b"GET / HTTP/1.1\r\n")
        gevent.sleep(0.05)
        client_socket.close()

    return watch_client(act, SHORT_S)


def end_watch() -> bool:
    def act(client_socket: socket.socket, stop: StopWatch) -> None:
        stop()
        client_socket.close()

    return watch_client(act, SHORT_S)


@pytest.mark.parametrize(
    ("scene", "noticed"),
    [(disconnect, True), (send_more, False), (end_watch, False)],
)
def test_watch_under_gevent(scene: Callable[[], bool], noticed: bool) -> None:
    assert run_under_gevent(scene) is noticed


def read_meanwhile() -> dict[str, Any]:
    """Return whether a disconnect is noticed after another greenlet read the data."""
    server_socket, client_socket = socket.socketpair()
    gone = threading.Event()
    reader = gevent.spawn(server_socket.recv, 1)
    gevent.sleep(0)  # the reader waits before the watch does
    stop = watch({"gunicorn.socket": server_socket}, gone.set)
    with server_socket, client_socket:
        client_socket.send(b"x")
        data = reader.get(timeout=TIMEOUT_S)
        noticed_early = gone.wait(SHORT_S)
        client_socket.close()
        noticed = gone.wait(TIMEOUT_S)
    stop()
    return {"data": data.decode(), "early": noticed_early, "noticed": noticed}


def test_watch_goes_on_after_another_greenlet_has_read() -> None:
    result = run_under_gevent(read_meanwhile)

    assert result == {"data": "x", "early": False, "noticed": True}
