"""The control routes: queued scripts, request records, waits and disconnects."""

import socket
import struct
import time
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import pytest

from tests.cerebras import Fake
from tests.fake_cerebras.client import (
    CHAT,
    chat_body,
    first_record_id,
    get,
    open_script,
    post,
    post_script,
    read_until,
)

NOTICED_S = 0.1  # a few milliseconds on an idle machine


def post_text(fake: Fake, text: str = "hi") -> str:
    """Return the content of the response."""
    content: str = post(fake, chat_body(text)).message["content"]
    return content


def test_queued_scripts_are_used_in_order_and_once(fake: Fake) -> None:
    fake.script({"content": "first"})
    fake.script({"content": "second"}, times=2)

    contents = [post_text(fake) for _ in range(4)]

    assert contents[:3] == ["first", "second", "second"]
    assert "canned" in contents[3]


def test_script_waits_for_the_request_that_it_matches(fake: Fake) -> None:
    fake.script({"content": "found", "match": "needle"})

    assert "canned" in post_text(fake, "hay")
    assert post_text(fake, "a needle in it") == "found"


def test_queued_script_precedes_the_script_in_the_message(fake: Fake) -> None:
    fake.script({"status": 429})

    statuses = [post_script(fake, {"content": "x"}).status for _ in range(2)]

    assert statuses == [429, 200]


def test_script_is_read_from_anywhere_in_the_last_user_message(fake: Fake) -> None:
    body = chat_body("hello")
    parts = [{"type": "text", "text": 'Please @fake {"content": "x {}"} and be quick'}]
    body["messages"] += [
        {"role": "assistant", "content": '@fake {"content": "wrong"}'},
        {"role": "user", "content": parts},
    ]

    assert post(fake, body).message["content"] == "x {}"


@pytest.mark.parametrize(
    "script",
    [
        '{"sya": "x"}',
        '{"content": "x"',
        '{"fault": "explode"}',
        '{"omit": ["everything"]}',
        '{"at": [{"when": 1}]}',
        '{"status": 499}',
    ],
)
def test_invalid_script_in_a_message_returns_400(fake: Fake, script: str) -> None:
    response = post(fake, chat_body(f"@fake {script}"))

    assert response.status == 400
    assert response.json["message"].startswith("fake_cerebras: ")


@pytest.mark.parametrize("script", [{"sya": "x"}, "x", None], ids=str)
def test_queueing_an_invalid_script_returns_400(fake: Fake, script: Any) -> None:
    with pytest.raises(AssertionError, match="400"):
        fake.script(script)


def test_unknown_control_route_and_request_return_404(fake: Fake) -> None:
    assert get(fake, "/_fake/nothing").status == 404
    with pytest.raises(AssertionError, match="404"):
        fake.wait_for_disconnect(10**9)


def test_requests_are_recorded_whole_and_can_be_filtered_by_path(fake: Fake) -> None:
    post(fake, chat_body("hi"), headers={"user-agent": "me", "X-Own": "1"})
    get(fake, "/v1/models?x=1")
    post(fake, b"no json")

    records = fake.requests()
    assert [(each["path"], each["body"]) for each in records] == [
        (CHAT, chat_body("hi")),
        ("/v1/models?x=1", None),
        (CHAT, "no json"),
    ]
    assert fake.requests(path=CHAT) == [records[0], records[2]]
    record = records[0]
    assert (record["method"], record["status"]) == ("POST", 403)
    assert record["headers"]["x-own"] == "1"
    assert record["finished"] is True
    assert record["disconnected_after_s"] is None
    assert abs(record["received_at"] - time.time()) < 5


def test_waiting_for_requests(fake: Fake) -> None:
    with pytest.raises(AssertionError, match="504"):
        fake.requests(at_least=1, timeout=0.05)

    with ThreadPoolExecutor() as pool:
        records = pool.submit(fake.requests, at_least=1)
        post(fake, chat_body("hi"))

        assert len(records.result()) == 1


def test_reset_deletes_records_and_scripts(fake: Fake) -> None:
    fake.script({"content": "forgotten"})
    fake.release("open")
    with open_script(fake, {"content": "x", "hold": "gate"}):
        fake.reset()

    assert fake.requests() == []
    assert post_text(fake) != "forgotten"


WAITS: dict[str, dict[str, Any]] = {
    "hold before the first byte": {"hold": "gate"},
    "stall before the first byte": {"fault": "stall"},
    "hold after the head": {"hold": "gate", "after": 0},
    "hold in the body": {"hold": "gate", "after": 2},
    "stall in the body": {"fault": "stall", "after": 2},
    "pause": {"pause": 60},
    "slow pace": {"tokens_per_second": 0.1},
    "streaming": {"tokens_per_second": 500, "content": "x " * 5000, "after": 2},
}


@pytest.mark.parametrize("stream", [True, False])
@pytest.mark.parametrize("case", WAITS)
def test_disconnect_is_noticed_at_once(fake: Fake, case: str, stream: bool) -> None:
    script = {"content": "x " * 50, **WAITS[case]}
    with open_script(fake, script, stream=stream) as sock:
        if stream and "after" in script:
            read_until(sock, b"data: " if script["after"] else b"\r\n\r\n")
        else:
            fake.requests(at_least=1)
        closing = time.time()

    noticed = fake.wait_for_disconnect(first_record_id(fake))
    assert 0 <= noticed - closing < NOTICED_S
    (record,) = fake.requests()
    assert record["finished"] is False
    assert record["disconnected_after_s"] > 0


def test_reset_connection_is_noticed(fake: Fake) -> None:
    with open_script(fake, {"hold": "gate"}) as sock:
        fake.requests(at_least=1)
        no_linger = struct.pack("ii", 1, 0)
        sock.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, no_linger)

    fake.wait_for_disconnect(first_record_id(fake))


def test_disconnect_of_a_client_that_does_not_read_is_noticed(fake: Fake) -> None:
    with open_script(fake, {"content": "x " * 30_000, "delta_size": 1}) as sock:
        fake.requests(at_least=1)
        sock.recv(1)

    fake.wait_for_disconnect(first_record_id(fake))


def test_connected_client_is_not_reported_as_disconnected(fake: Fake) -> None:
    held = open_script(fake, {"hold": "gate"})
    with held, pytest.raises(AssertionError, match="504"):
        fake.wait_for_disconnect(first_record_id(fake), timeout=0.05)
