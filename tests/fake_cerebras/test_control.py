"""Steering from outside, and what is told of requests and of clients that leave."""

from __future__ import annotations

import json
import socket
import struct
import threading
import time
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import pytest

from tests.cerebras import Fake
from tests.fake_cerebras.raw import (
    CHAT,
    first,
    get,
    play,
    post,
    read_until,
    sending,
    user,
)

NOTICED_S = 0.1  # it takes a few milliseconds; the machine may be busy


def said(fake: Fake, words: str = "hi") -> str:
    content: str = post(fake, user(words)).message["content"]
    return content


def test_script_is_for_the_next_request_alone(fake: Fake) -> None:
    fake.script({"content": "first"})

    assert said(fake) == "first"
    assert said(fake) != "first"


def test_script_can_be_for_several(fake: Fake) -> None:
    fake.script({"content": "twice"}, times=2)

    assert [said(fake), said(fake)] == ["twice"] * 2


def test_scripts_queue(fake: Fake) -> None:
    fake.script({"content": "first"})
    fake.script({"content": "second"})

    assert [said(fake), said(fake)] == ["first", "second"]


def test_script_waits_for_the_request_it_matches(fake: Fake) -> None:
    fake.script({"content": "found", "match": "needle"})

    assert "hay" in said(fake, "hay")
    assert said(fake, "a needle in it") == "found"


def test_queued_script_comes_before_the_message_s_own(fake: Fake) -> None:
    fake.script({"status": 429})

    statuses = [play(fake, {"content": "x"}).status for _ in range(2)]

    assert statuses == [429, 200]


def test_message_s_script_can_stand_anywhere_in_it(fake: Fake) -> None:
    assert said(fake, 'Please @fake {"content": "x {}"} and be quick') == "x {}"


def test_script_is_found_in_parts_and_in_the_last_user_message(fake: Fake) -> None:
    body = user("hello")
    parts = [{"type": "text", "text": '@fake {"content": "parts"}'}]
    body["messages"] += [
        {"role": "assistant", "content": '@fake {"content": "wrong"}'},
        {"role": "user", "content": parts},
    ]

    assert post(fake, body).message["content"] == "parts"


@pytest.mark.parametrize(
    "words",
    [
        '@fake {"sya": "x"}',
        '@fake {"content": "x"',
        '@fake {"fault": "explode"}',
        '@fake {"omit": ["everything"]}',
        '@fake {"at": [{"when": 1}]}',
        '@fake {"status": 499}',
        '@fake {"after_tools": {"sya": 1}}',
    ],
)
def test_script_that_means_nothing_is_told_so(fake: Fake, words: str) -> None:
    answer = post(fake, user(words))

    assert answer.status == 400
    assert answer.json["message"].startswith("fake_cerebras: ")


@pytest.mark.parametrize("script", [{"sya": "x"}, "x", None], ids=str)
def test_control_refuses_such_a_script_too(fake: Fake, script: Any) -> None:
    with pytest.raises(AssertionError, match="400"):
        fake.script(script)


def test_control_has_no_other_routes(fake: Fake) -> None:
    assert get(fake, "/_fake/nothing").status == 404


def test_requests_are_told_in_full(fake: Fake) -> None:
    post(fake, user("hi"), headers={"user-agent": "me", "X-Own": "1"})

    (record,) = fake.requests()
    assert (record["method"], record["path"]) == ("POST", CHAT)
    assert record["headers"]["x-own"] == "1"
    assert record["body"] == user("hi")
    assert record["status"] == 403
    assert record["finished"] is True
    assert record["disconnected_after_s"] is None
    assert abs(record["received_at"] - time.time()) < 5


def test_other_requests_are_told_too(fake: Fake) -> None:
    get(fake, "/v1/models?x=1")
    post(fake, b"no json")

    paths = [(each["path"], each["body"]) for each in fake.requests()]
    assert paths == [("/v1/models?x=1", None), (CHAT, "no json")]


def test_requests_of_one_path_can_be_told_alone(fake: Fake) -> None:
    post(fake, user("hi"))
    get(fake, "/v1/models")

    (record,) = fake.requests(at_least=1, path="/v1/models")
    assert record["method"] == "GET"


def test_requests_are_waited_for(fake: Fake) -> None:
    with ThreadPoolExecutor() as pool:
        waiting = pool.submit(fake.requests, at_least=1)
        post(fake, user("hi"))

        assert len(waiting.result()) == 1


def test_wait_for_requests_has_an_end(fake: Fake) -> None:
    with pytest.raises(AssertionError, match="504"):
        fake.requests(at_least=1, timeout=0.05)


def test_end_of_an_answer_is_waited_for(fake: Fake) -> None:
    with sending(fake, user('@fake {"hold": "gate"}')):
        fake.requests(at_least=1)
        with pytest.raises(AssertionError, match="504"):
            fake.wait_until_finished(first(fake), timeout=0.05)
        fake.release("gate")
        fake.wait_until_finished(first(fake))


def test_clear_forgets_all_and_lets_go(fake: Fake) -> None:
    fake.script({"content": "forgotten"})
    fake.release("open")
    with sending(
        fake, user('@fake {"content": "x", "hold": "gate", "match": "@fake"}')
    ):
        pass
    fake.reset()

    assert fake.requests() == []
    assert said(fake) != "forgotten"


WAITS: dict[str, dict[str, Any]] = {
    "before the first byte": {"hold": "gate"},
    "stalled before the first byte": {"fault": "stall"},
    "after the head": {"hold": "gate", "after": 0},
    "holding in the stream": {"hold": "gate", "after": 2},
    "stalled in the stream": {"fault": "stall", "after": 2},
    "pausing": {"pause": 60},
    "dripping": {"tokens_per_second": 0.1},
}


@pytest.mark.parametrize("stream", [True, False])
@pytest.mark.parametrize("case", WAITS)
def test_client_that_leaves_is_noticed_at_once(
    fake: Fake, case: str, stream: bool
) -> None:
    script = json.dumps({"content": "x " * 50, **WAITS[case]})
    with sending(fake, user(f"@fake {script}", stream=stream)) as sock:
        if stream and "after" in WAITS[case]:
            read_until(sock, b"data: " if WAITS[case]["after"] else b"\r\n\r\n")
        else:
            fake.requests(at_least=1)
        leaving = time.time()

    assert 0 <= fake.wait_for_disconnect(first(fake)) - leaving < NOTICED_S
    (record,) = fake.requests()
    assert (record["finished"], record["disconnected_after_s"] > 0) == (False, True)


def test_client_that_leaves_a_running_stream_is_noticed(fake: Fake) -> None:
    script = json.dumps({"content": "x " * 5000, "tokens_per_second": 500})
    with sending(fake, user(f"@fake {script}", stream=True)) as sock:
        read_until(sock, b'"content"')
        leaving = time.time()

    assert 0 <= fake.wait_for_disconnect(first(fake)) - leaving < NOTICED_S


def test_client_that_resets_is_noticed(fake: Fake) -> None:
    with sending(fake, user('@fake {"hold": "gate"}')) as sock:
        fake.requests(at_least=1)
        at_once = struct.pack("ii", 1, 0)
        sock.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, at_once)

    fake.wait_for_disconnect(first(fake))


def test_client_that_reads_nothing_and_leaves_is_noticed(fake: Fake) -> None:
    script = json.dumps({"content": "x " * 30_000, "delta_size": 1})
    with sending(fake, user(f"@fake {script}", stream=True)) as sock:
        fake.requests(at_least=1)
        sock.recv(1)

    fake.wait_for_disconnect(first(fake))


def test_client_that_stays_has_not_left(fake: Fake) -> None:
    with sending(fake, user('@fake {"hold": "gate"}')):
        fake.requests(at_least=1)
        with pytest.raises(AssertionError, match="504"):
            fake.wait_for_disconnect(first(fake), timeout=0.05)


def test_client_that_leaves_after_its_answer_has_not_left_it(fake: Fake) -> None:
    post(fake, user("hi"))

    assert fake.requests()[0]["disconnected_after_s"] is None


def test_unknown_request_cannot_be_waited_for(fake: Fake) -> None:
    with pytest.raises(AssertionError, match="404"):
        fake.wait_for_disconnect(10**9)


def test_hundreds_of_slow_streams_at_once(fake: Fake) -> None:
    count = 300
    script = {"content": "x " * 20, "tokens_per_second": 20}
    together = threading.Barrier(count)

    def stream(_: int) -> str:
        together.wait()
        return play(fake, script).said()

    started = time.monotonic()
    with ThreadPoolExecutor(count) as pool:
        answers = set(pool.map(stream, range(count)))

    assert answers == {"x " * 20}
    assert time.monotonic() - started < 8
