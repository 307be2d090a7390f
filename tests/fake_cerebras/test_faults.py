"""Positions of faults, holds and pauses in a response, and the connection after it.

tests/blueprints/test_faults.py uses every fault.
"""

import contextlib
import json
import time
from typing import Any

import pytest

from tests.cerebras import Fake
from tests.fake_cerebras.client import (
    CHAT,
    Response,
    chat_body,
    connect,
    first_record_id,
    open_request,
    open_script,
    post_script,
    read_all,
    read_until,
    request_bytes,
    send,
    stream_script,
)

HEAD_END = b"\r\n\r\n"
TWO_WORDS = {"content": "one two", "delta_size": 1}


def test_flood_ends_when_the_client_disconnects(fake: Fake) -> None:
    with open_script(fake, {"fault": "flood"}) as sock:
        read_until(sock, b"xxx")

    assert fake.wait_for_disconnect(first_record_id(fake)) <= time.time()


@pytest.mark.parametrize("stream", [True, False])
def test_cut_response_is_not_finished(fake: Fake, stream: bool) -> None:
    with open_script(fake, {"fault": "cut", "after": 1}, stream=stream) as sock:
        read_all(sock)

    (record,) = fake.requests()
    assert (record["finished"], record["disconnected_at"]) == (False, None)


def test_whole_response_is_cut_after_bytes(fake: Fake) -> None:
    script = {"content": "one", "fault": "cut", "after": 20}

    with open_script(fake, script, stream=False) as sock:
        _, _, data = read_all(sock).partition(HEAD_END)

    assert data.startswith(b'14\r\n{"id":"chatcmpl-')
    assert len(data) == len("14\r\n") + 20 + len("\r\n")


def test_several_interruptions_happen_in_order_of_position(fake: Fake) -> None:
    at = [
        {"after": 4, "fault": "cut"},
        {"after": 3, "hold": "second"},
        {"hold": "first"},
    ]

    with open_script(fake, {**TWO_WORDS, "at": at}) as sock:
        fake.release("first")
        data = read_until(sock, b'"n"')
        fake.release("second")
        data += read_all(sock)

    assert Response(200, {}, data).streamed() == "one"


def test_pause_delays_the_response(fake: Fake) -> None:
    started = time.monotonic()

    stream_script(fake, {"content": "one", "pause": 0.2, "after": 1})

    assert 0.2 <= time.monotonic() - started < 1


@pytest.mark.parametrize("stream", [True, False])
def test_script_sets_the_pace(fake: Fake, stream: bool) -> None:
    started = time.monotonic()

    post_script(fake, {"content": "a b c d", "tokens_per_second": 20}, stream=stream)

    assert 0.15 < time.monotonic() - started < 1


@pytest.mark.parametrize("after_response", ["keep", "close"])
def test_connection_is_kept_or_closed_with_the_header(
    fake: Fake, after_response: str
) -> None:
    fake.script({"connection": after_response})
    body = json.dumps(chat_body("hi")).encode()
    with contextlib.closing(connect(fake)) as connection:
        first = send(connection, CHAT, method="POST", body=body)
        second = send(connection, CHAT, method="POST", body=body)

    one, two = fake.requests()
    kept = after_response == "keep"
    assert (first.status, second.status) == (200, 200)
    assert ("connection" not in first.headers) is kept
    assert (one["connection"] == two["connection"]) is kept


@pytest.mark.parametrize("status", [200, 429])
def test_connection_closes_silently(fake: Fake, status: int) -> None:
    fake.script({"connection": "close_silently", "status": status})

    with open_request(fake, chat_body("hi")) as sock:
        data = read_all(sock)

    assert b"connection: close" not in data
    assert f"HTTP/1.1 {status}".encode() in data


def test_connection_closes_on_the_next_request(fake: Fake) -> None:
    fake.script({"connection": "close_on_next"})

    with open_request(fake, chat_body("hi")) as sock:
        read_until(sock, b"\r\n0\r\n\r\n")
        sock.sendall(request_bytes(chat_body("hi")))
        with contextlib.suppress(ConnectionResetError):
            assert read_all(sock) == b""

    assert len(fake.requests()) == 1


@pytest.mark.parametrize("status", [200, 429])
def test_script_sets_headers(fake: Fake, status: int) -> None:
    headers = {"retry-after": "7", "x-ratelimit-reset-tokens-minute": "3.5"}

    response = stream_script(fake, {"status": status, "headers": headers})

    assert headers.items() <= response.headers.items()


@pytest.mark.parametrize(
    ("script", "status", "content_type"),
    [
        ({"body": {"error": {"message": "x"}}}, 520, "application/json"),
        ({"body": "error code: 520"}, 520, "text/plain"),
        ({"body": "<html>"}, 520, "text/html"),
        ({"body": "<html>captive portal</html>"}, None, "text/html"),
    ],
    ids=str,
)
def test_script_sets_the_body(
    fake: Fake, script: dict[str, Any], status: int | None, content_type: str
) -> None:
    response = stream_script(fake, {**script, "status": status})

    assert response.status == (status or 200)
    assert response.headers["content-type"] == content_type
    compact = json.dumps(script["body"], separators=(",", ":"))
    assert response.body.decode() in (script["body"], compact)
