"""A client that takes its time, over sockets of gevent."""

from __future__ import annotations

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
    ours, theirs = socketpair()
    yield ours, theirs
    ours.close()
    theirs.close()


def drip(sock: socket, data: bytes, every_s: float) -> gevent.Greenlet:
    def send() -> None:
        for byte in data:
            sock.send(bytes([byte]))
            gevent.sleep(every_s)

    return gevent.spawn(send)


def test_the_first_bytes_are_read_once(pair: Pair) -> None:
    client = Client(pair[0], LONG_S)
    pair[1].send(b"GET ")

    assert client.begins()
    assert client.read(4) == b"GET "


def test_a_connection_on_which_nothing_is_asked_is_given_up(pair: Pair) -> None:
    assert not Client(pair[0], LONG_S, head_s=SHORT_S).begins()


def test_a_kept_connection_may_be_idle_for_longer(pair: Pair) -> None:
    client = Client(pair[0], SHORT_S, head_s=LONG_S)
    pair[1].send(b"x")

    assert client.begins()
    assert client.read(1) == b"x"
    assert not client.begins()


def test_a_client_whose_requests_are_always_there_lets_others_have_their_turn(
    pair: Pair,
) -> None:
    client, served = Client(pair[0], LONG_S), []
    pair[1].send(b"xyz")
    other = gevent.spawn(lambda: served.append("other"))

    assert client.begins()

    assert served == ["other"]
    other.join()


def test_a_client_that_sends_many_requests_at_once_does_so_too(pair: Pair) -> None:
    client, served = Client(pair[0], LONG_S), []
    pair[1].send(b"xyz")
    assert client.begins()
    assert client.read(1) == b"x"
    other = gevent.spawn(lambda: served.append("other"))

    assert client.begins()

    assert served == ["other"]
    assert client.read(1) == b"y"
    other.join()


def test_a_kept_connection_need_not_be_kept(pair: Pair) -> None:
    client = Client(pair[0], idle_s=0)
    pair[1].send(b"x")

    assert client.begins()
    assert client.read(1) == b"x"
    assert not client.begins()


def test_a_head_is_due_as_a_whole(pair: Pair) -> None:
    client = Client(pair[0], LONG_S, head_s=4 * SHORT_S)
    dripping = drip(pair[1], b"GET / HTTP/1.1", SHORT_S)

    assert client.begins()
    with pytest.raises(TimeoutError):
        client.read(14)

    dripping.kill()


def test_a_second_head_is_due_from_its_first_byte(pair: Pair) -> None:
    client = Client(pair[0], LONG_S, head_s=4 * SHORT_S)
    pair[1].send(b"x")
    assert client.begins()
    assert client.read(1) == b"x"

    gevent.spawn_later(5 * SHORT_S, pair[1].send, b"yz")

    assert client.begins()
    assert client.read(2) == b"yz"


def test_a_body_may_take_long_while_it_comes(pair: Pair) -> None:
    client = Client(pair[0], LONG_S, head_s=SHORT_S, silence_s=4 * SHORT_S)
    pair[1].send(b"h")
    assert client.begins()
    assert client.read(1) == b"h"
    client.send_body()

    dripping = drip(pair[1], b"0123456789", SHORT_S)

    assert client.read(10) == b"0123456789"
    dripping.join()


def test_a_body_that_stops_is_given_up(pair: Pair) -> None:
    client = Client(pair[0], LONG_S, silence_s=SHORT_S)
    client.send_body()
    pair[1].send(b"01")

    with pytest.raises(TimeoutError):
        client.read(3)


def test_what_nobody_wants_is_not_read_for_long_however_fast_it_comes(
    pair: Pair,
) -> None:
    client = Client(pair[0], LONG_S, silence_s=2 * SHORT_S)
    client.send_rest()
    flood = gevent.spawn(lambda: [pair[1].sendall(b"x" * 65536) for _ in range(10**6)])
    begun = monotonic()

    with pytest.raises(TimeoutError):
        while client.chunk():
            gevent.sleep(0)

    assert monotonic() - begun < LONG_S
    flood.kill()


def test_gevents_sockets_still_have_what_a_wait_can_be_ended_by() -> None:
    """Without it the connection is closed for reading, which is seen as a hang-up."""
    assert hasattr(socket, "_read_event")


def test_hanging_up_ends_the_wait_for_a_request(pair: Pair) -> None:
    client = Client(pair[0], LONG_S)
    gevent.spawn_later(SHORT_S, client.hang_up)

    assert not client.begins()


def test_a_request_that_came_as_we_hung_up_is_served(pair: Pair) -> None:
    client = Client(pair[0], LONG_S)

    def both() -> None:
        client.hang_up()
        pair[1]._sock.send(b"x")  # type: ignore[attr-defined]

    gevent.spawn_later(SHORT_S, both)

    assert client.begins()
    assert client.read(1) == b"x"


def test_hanging_up_leaves_alone_who_is_being_served(pair: Pair) -> None:
    client = Client(pair[0], LONG_S)
    pair[1].send(b"h")
    assert client.begins()
    assert client.read(1) == b"h"
    client.send_body()
    gevent.spawn_later(SHORT_S, client.hang_up)
    gevent.spawn_later(2 * SHORT_S, pair[1].send, b"b")

    assert client.read(1) == b"b"


def test_dropping_ends_whatever_is_waited_for(pair: Pair) -> None:
    client = Client(pair[0], LONG_S)
    client.send_body()
    gevent.spawn_later(SHORT_S, client.drop)

    try:
        assert client.read(1) == b""
    except OSError as error:
        assert not isinstance(error, TimeoutError)
    assert pair[1].recv(1) == b""
