"""Time limits of a client's connection, with gevent sockets and gunicorn's parser."""

from collections.abc import Iterator
from time import monotonic

import gevent
import pytest
from gevent.socket import socket, socketpair

from app.server.client import Client

SHORT_S = 0.05
LONG_S = 30.0

Pair = tuple[socket, socket]


@pytest.fixture
def pair() -> Iterator[Pair]:
    """Return the server's and the client's end of a connection."""
    server_end, client_end = socketpair()
    yield server_end, client_end
    server_end.close()
    client_end.close()


def send_slowly(sock: socket, data: bytes, interval_s: float) -> gevent.Greenlet:
    def send() -> None:
        for byte in data:
            sock.send(bytes([byte]))
            gevent.sleep(interval_s)

    return gevent.spawn(send)


def begin_request(client: Client, sock: socket) -> None:
    """Send and read one byte of a request."""
    sock.send(b"h")
    assert client.wait_for_request()
    assert client.read(1) == b"h"


def test_large_body_is_read_in_large_pieces(pair: Pair) -> None:
    client = Client(pair[0], LONG_S)
    begin_request(client, pair[1])
    sending = gevent.spawn(pair[1].sendall, b"x" * 3_000_000)
    largest = 0

    for _ in range(3):
        gevent.sleep(SHORT_S)
        largest = max(largest, len(client.chunk(3_000_000)))

    assert largest > 65536
    sending.kill()


def test_connection_without_a_request_times_out(pair: Pair) -> None:
    assert not Client(pair[0], LONG_S, head_timeout_s=SHORT_S).wait_for_request()


@pytest.mark.parametrize("keepalive_s", [0, SHORT_S])
def test_idle_connection_times_out_after_keepalive(
    pair: Pair, keepalive_s: float
) -> None:
    client = Client(pair[0], keepalive_s, head_timeout_s=LONG_S)
    begin_request(client, pair[1])

    assert not client.wait_for_request()


def test_wait_for_request_lets_other_greenlets_run(pair: Pair) -> None:
    client = Client(pair[0], LONG_S)
    pair[1].send(b"xyz")

    for byte in (b"x", b"y"):  # the second request is pipelined
        other = gevent.spawn(lambda: None)
        assert client.wait_for_request()
        assert other.dead
        assert client.read(1) == byte


def test_head_has_one_deadline(pair: Pair) -> None:
    client = Client(pair[0], LONG_S, head_timeout_s=4 * SHORT_S)
    sending = send_slowly(pair[1], b"GET / HTTP/1.1", SHORT_S)

    assert client.wait_for_request()
    with pytest.raises(TimeoutError):
        client.read(14)

    sending.kill()


def test_deadline_of_second_head_starts_with_its_first_byte(pair: Pair) -> None:
    client = Client(pair[0], LONG_S, head_timeout_s=4 * SHORT_S)
    begin_request(client, pair[1])

    gevent.spawn_later(5 * SHORT_S, pair[1].send, b"yz")

    assert client.wait_for_request()
    assert client.read(2) == b"yz"


def test_body_may_take_long_while_bytes_arrive(pair: Pair) -> None:
    client = Client(
        pair[0], LONG_S, head_timeout_s=SHORT_S, body_idle_timeout_s=4 * SHORT_S
    )
    begin_request(client, pair[1])
    client.start_body()

    sending = send_slowly(pair[1], b"0123456789", SHORT_S)

    assert client.read(10) == b"0123456789"
    sending.join()


def test_body_that_stops_times_out(pair: Pair) -> None:
    client = Client(pair[0], LONG_S, body_idle_timeout_s=SHORT_S)
    client.start_body()
    pair[1].send(b"01")

    with pytest.raises(TimeoutError):
        client.read(3)


def test_discarding_a_body_has_a_deadline_however_fast_it_arrives(pair: Pair) -> None:
    client = Client(pair[0], LONG_S, body_idle_timeout_s=2 * SHORT_S)
    client.start_discard()
    flood = gevent.spawn(lambda: [pair[1].sendall(b"x" * 65536) for _ in range(10**6)])
    start = monotonic()

    with pytest.raises(TimeoutError):
        while client.chunk():
            gevent.sleep(0)

    assert monotonic() - start < LONG_S
    flood.kill()


def test_stop_waiting_ends_the_wait_for_a_request(pair: Pair) -> None:
    client = Client(pair[0], LONG_S)
    gevent.spawn_later(SHORT_S, client.stop_waiting)

    assert not client.wait_for_request()


def test_request_that_arrives_with_stop_waiting_is_served(pair: Pair) -> None:
    client = Client(pair[0], LONG_S)

    def stop_and_send() -> None:
        client.stop_waiting()
        pair[1].send(b"x")

    gevent.spawn_later(SHORT_S, stop_and_send)

    assert client.wait_for_request()
    assert client.read(1) == b"x"


def test_stop_waiting_does_not_disturb_a_request(pair: Pair) -> None:
    client = Client(pair[0], LONG_S)
    begin_request(client, pair[1])
    client.start_body()
    gevent.spawn_later(SHORT_S, client.stop_waiting)
    gevent.spawn_later(2 * SHORT_S, pair[1].send, b"b")

    assert client.read(1) == b"b"


def test_reset_ends_a_read(pair: Pair) -> None:
    client = Client(pair[0], LONG_S)
    client.start_body()
    gevent.spawn_later(SHORT_S, client.reset)

    try:
        assert client.read(1) == b""
    except OSError as error:
        assert not isinstance(error, TimeoutError)
    assert pair[1].recv(1) == b""
