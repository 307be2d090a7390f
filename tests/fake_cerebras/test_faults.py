"""Everything that can go wrong, at the place where a script wants it."""

from __future__ import annotations

import contextlib
import json
import socket
import time
from typing import Any

import pytest

from tests.cerebras import Fake
from tests.fake_cerebras.raw import (
    AGENT,
    CHAT,
    KEY,
    Answer,
    ask,
    connect,
    first,
    play,
    post,
    read_all,
    read_until,
    request,
    sending,
    user,
)

HEAD_END = b"\r\n\r\n"


def body(script: dict[str, Any], **more: Any) -> dict[str, Any]:
    return user(f"@fake {json.dumps(script)}", **{"stream": True, **more})


@pytest.mark.parametrize("after", [0, 3])
def test_error_within_a_stream_is_wrapped(fake: Fake, after: int) -> None:
    script = {"content": "one two three", "delta_size": 1}

    answer = play(fake, {**script, "fault": "in_stream_error", "after": after})

    assert (answer.status, len(answer.data)) == (200, after + 1)
    assert answer.data[-1] == (
        '{"status_code":500,"error":{"message":"Encountered a server error, please '
        'try again.","type":"server_error","param":"","code":"","id":""}}'
    )


def test_error_within_a_stream_comes_first_by_default(fake: Fake) -> None:
    assert len(play(fake, {"fault": "in_stream_error"}).data) == 1


@pytest.mark.parametrize("framing", ["chunked", "close"])
def test_stream_is_cut(fake: Fake, framing: str) -> None:
    script = {"content": "one two", "delta_size": 1, "framing": framing}

    with sending(fake, body({**script, "fault": "cut", "after": 3})) as sock:
        data = read_all(sock)

    assert data.count(b"data: ") == 3
    assert not data.endswith(b"0\r\n\r\n")


def test_stream_is_reset(fake: Fake) -> None:
    script = {"content": "one two", "delta_size": 1, "fault": "reset", "after": 3}
    script |= {"hold": "reset"}

    with sending(fake, body(script)) as sock:
        read_until(sock, b'"n"')
        fake.release("reset")
        with pytest.raises(ConnectionResetError):
            sock.recv(1)


def test_body_ends_in_good_order_but_early(fake: Fake) -> None:
    script = {"content": "one two", "delta_size": 1, "fault": "end", "after": 3}

    answer = play(fake, script)

    assert len(answer.data) == 3
    assert "finish_reason" not in answer.chunks[-1]["choices"][0]


def test_garbage_between_events(fake: Fake) -> None:
    answer = play(fake, {"content": "one", "fault": "garbage", "after": 1})

    assert b"\xff\xfe" in answer.body
    assert answer.body.endswith(b"data: [DONE]\n\n")


def test_garbage_instead_of_an_answer(fake: Fake) -> None:
    with sending(fake, body({"fault": "garbage"})) as sock:
        assert not read_all(sock).startswith(b"HTTP/")


def test_stream_ends_in_half_an_event(fake: Fake) -> None:
    answer = play(fake, {"content": "one", "fault": "half_event", "after": 1})

    assert answer.body.count(b"data: ") == 2
    assert answer.body.endswith(b'"choices":[{"del')


def test_event_does_not_end(fake: Fake) -> None:
    answer = play(fake, {"content": "one", "fault": "flood", "after": 1})

    assert len(answer.body) > 100 * 1024 * 1024
    assert answer.body.count(b"\n\n") == 1


def test_flood_ends_when_the_client_leaves(fake: Fake) -> None:
    with sending(fake, body({"fault": "flood"})) as sock:
        read_until(sock, b"xxx")

    assert fake.wait_for_disconnect(first(fake)) <= time.time()


def test_head_stalls_half_way(fake: Fake) -> None:
    with sending(fake, body({"fault": "stall_in_head"})) as sock:
        data = read_until(sock, b"content-ty")
        sock.settimeout(0.1)
        with pytest.raises(TimeoutError):
            sock.recv(1)

    assert data.startswith(b"HTTP/1.1 200 ")
    assert fake.wait_for_disconnect(first(fake)) <= time.time()


def test_connection_closes_before_any_byte(fake: Fake) -> None:
    with sending(fake, body({"fault": "cut"})) as sock:
        assert read_all(sock) == b""


def test_connection_is_reset_before_any_byte(fake: Fake) -> None:
    script = {"fault": "reset", "hold": "reset"}

    with sending(fake, body(script)) as sock:
        fake.release("reset")
        with pytest.raises(ConnectionResetError):
            sock.recv(1)


@pytest.mark.parametrize("stream", [True, False])
def test_cut_answer_is_not_finished(fake: Fake, stream: bool) -> None:
    with sending(fake, body({"fault": "cut", "after": 1}, stream=stream)) as sock:
        read_all(sock)

    (record,) = fake.requests()
    assert (record["finished"], record["disconnected_after_s"]) == (False, None)


def test_whole_answer_is_cut_after_bytes(fake: Fake) -> None:
    asked = body({"content": "one", "fault": "cut", "after": 20}, stream=False)

    with sending(fake, asked) as sock:
        _, _, data = read_all(sock).partition(HEAD_END)

    assert data.startswith(b'14\r\n{"id":"chatcmpl-')
    assert len(data) == len("14\r\n") + 20 + len("\r\n")


def test_stream_stalls(fake: Fake) -> None:
    script = {"content": "one", "delta_size": 1, "fault": "stall", "after": 2}

    with sending(fake, body(script)) as sock:
        read_until(sock, b'"o"')
        sock.settimeout(0.1)
        with pytest.raises(TimeoutError):
            sock.recv(1)

    assert fake.wait_for_disconnect(first(fake)) <= time.time()


def test_answer_holds_until_it_is_released(fake: Fake) -> None:
    script = {"content": "one", "delta_size": 1, "hold": "gate", "after": 2}

    with sending(fake, body(script)) as sock:
        data = read_until(sock, b'"o"')
        fake.release("gate")
        data += read_until(sock, b"[DONE]")

    assert Answer(200, {}, data).said() == "one"


@pytest.mark.parametrize("script", [{"hold": "gate"}, {"fault": "stall"}], ids=str)
def test_nothing_comes_while_it_holds_from_the_start(
    fake: Fake, script: dict[str, Any]
) -> None:
    with sending(fake, body(script)) as sock:
        fake.requests(at_least=1)
        sock.settimeout(0.1)
        with pytest.raises(TimeoutError):
            sock.recv(1)


def test_head_comes_alone_when_it_holds_after_nothing(fake: Fake) -> None:
    with sending(fake, body({"hold": "gate", "after": 0})) as sock:
        head = read_until(sock, HEAD_END)

    assert head.startswith(b"HTTP/1.1 200")
    assert head.endswith(HEAD_END)


def test_gate_that_is_open_holds_nobody(fake: Fake) -> None:
    fake.release("gate")

    assert play(fake, {"content": "one", "hold": "gate", "after": 1}).said() == "one"


def test_several_things_can_happen(fake: Fake) -> None:
    script = {"content": "one two three", "delta_size": 1}
    script["at"] = [
        {"after": 4, "fault": "cut"},
        {"after": 3, "hold": "second"},
        {"hold": "first"},
    ]

    with sending(fake, body(script)) as sock:
        fake.release("first")
        data = read_until(sock, b'"n"')
        fake.release("second")
        data += read_all(sock)

    assert Answer(200, {}, data).said() == "one"


def test_place_past_the_end_is_the_end(fake: Fake) -> None:
    with sending(fake, body({"content": "one", "fault": "cut", "after": 99})) as sock:
        data = read_all(sock)

    assert data.endswith(b"data: [DONE]\n\n\r\n")


def test_pause_is_waited_for(fake: Fake) -> None:
    started = time.monotonic()

    play(fake, {"content": "one", "pause": 0.2, "after": 1})

    assert 0.2 <= time.monotonic() - started < 1


@pytest.mark.parametrize("stream", [True, False])
def test_answer_drips_at_a_chosen_pace(fake: Fake, stream: bool) -> None:
    started = time.monotonic()

    post(fake, body({"content": "a b c d", "tokens_per_second": 20}, stream=stream))

    assert 0.15 < time.monotonic() - started < 1


def ask_twice(fake: Fake, script: dict[str, Any]) -> tuple[Answer, Answer]:
    """Two requests over what should be one connection."""
    fake.script(script)
    headers = {**AGENT, **KEY}
    with contextlib.closing(connect(fake)) as connection:
        data = json.dumps(user("hi")).encode()
        before = ask(connection, CHAT, method="POST", body=data, headers=headers)
        after = ask(connection, CHAT, method="POST", body=data, headers=headers)
    return before, after


def test_connection_is_kept(fake: Fake) -> None:
    before, after = ask_twice(fake, {})

    one, two = fake.requests()
    assert (before.status, after.status) == (200, 200)
    assert one["connection"] == two["connection"]


def test_connection_closes_and_says_so(fake: Fake) -> None:
    before, _ = ask_twice(fake, {"connection": "close"})

    one, two = fake.requests()
    assert before.headers["connection"] == "close"
    assert one["connection"] != two["connection"]


@pytest.mark.parametrize("status", [200, 429])
def test_connection_closes_without_a_word(fake: Fake, status: int) -> None:
    fake.script({"connection": "close_silently", "status": status})

    with sending(fake, user("hi")) as sock:
        data = read_all(sock)

    assert b"connection: close" not in data
    assert f"HTTP/1.1 {status}".encode() in data


def test_connection_closes_on_the_next_request(fake: Fake) -> None:
    """Without a race: it is open until the second request has arrived."""
    fake.script({"connection": "close_on_next"})

    with sending(fake, user("hi")) as sock:
        read_until(sock, b"\r\n0\r\n\r\n")
        sock.sendall(request(user("hi")))
        rest = drain(sock)

    assert rest == b""
    assert len(fake.requests()) == 1


def drain(sock: socket.socket) -> bytes:
    """What comes to the end, be that orderly or not."""
    try:
        return read_all(sock)
    except ConnectionResetError:
        return b""
