"""Which failures are retried and how often, and what ends a wait.

Keys and quota are in test_retry_policy.py.
"""

import threading
import traceback
from collections.abc import Callable
from time import monotonic

import pytest

from app.errors import (
    Cancelled,
    RateLimited,
    RequestRefused,
    UpstreamBusy,
    UpstreamError,
)
from app.http1.cancel import CancelToken
from tests.scripted_server import (
    FINISH,
    ROLE,
    STREAM,
    Peer,
    answer,
    chunks,
    completion,
    head,
    streamed,
    text_chunk,
)
from tests.upstream.conftest import KEY, REQUEST, Connect, Serve, complete

AT_ONCE = answer({"message": "no"}, 429, retry_after="0")


@pytest.mark.parametrize("failure", [408, 429, 500, 502, 503])
def test_overload_and_server_errors_are_retried(
    serve: Serve, connect: Connect, failure: int
) -> None:
    failing = answer({"message": "no"}, failure, retry_after="0")
    server = serve(failing, failing, answer(completion("hi")))

    assert complete(connect(server.base_url, retry_wait_s=1)) == "hi"
    assert len(server.requests) == 3
    assert server.connections == 1


STATUSES = (400, 401, 402, 403, 404, 413, 302)
NOT_RETRIED = {
    **{str(n): answer({"message": "no"}, n, retry_after="0") for n in STATUSES},
    "malformed chunk": STREAM + b"hello\r\n",
    "not HTTP": b"what?\r\n\r\n",
    "silence": b"",
}


@pytest.mark.parametrize("whole", [True, False])
@pytest.mark.parametrize("reply", NOT_RETRIED.values(), ids=NOT_RETRIED)
def test_other_failures_are_not_retried(
    serve: Serve, connect: Connect, reply: bytes, whole: bool
) -> None:
    server = serve(reply)
    client = connect(server.base_url, idle_timeout_s=0.1, retry_wait_s=9)

    with pytest.raises(UpstreamError):
        (client.complete if whole else client.stream)(REQUEST, CancelToken())

    assert len(server.requests) == 1


def test_number_of_retries_is_limited(serve: Serve, connect: Connect) -> None:
    server = serve(AT_ONCE)

    with pytest.raises(RateLimited):
        complete(connect(server.base_url, retry_wait_s=9))

    assert 5 < len(server.requests) < 20


@pytest.mark.parametrize(("status", "error"), [(429, RateLimited), (503, UpstreamBusy)])
def test_too_long_a_retry_after_is_raised_at_once(
    serve: Serve, connect: Connect, status: int, error: type[UpstreamError]
) -> None:
    server = serve(answer({"message": "no"}, status, retry_after="30"))
    started = monotonic()

    with pytest.raises(error) as caught:
        complete(connect(server.base_url, retry_wait_s=20))

    assert caught.value.retry_after == 30
    assert monotonic() - started < 5


def test_all_waits_together_are_limited(serve: Serve, connect: Connect) -> None:
    server = serve(answer({"message": "no"}, 503, retry_after="0.1"))

    with pytest.raises(UpstreamBusy):
        complete(connect(server.base_url, retry_wait_s=0.25))

    assert len(server.requests) == 3


def test_error_as_the_first_event_is_retried(serve: Serve, connect: Connect) -> None:
    failing = {"status_code": 500, "error": {"message": "no"}}
    server = serve(streamed(ROLE, failing), streamed(text_chunk("a"), FINISH))

    stream = connect(server.base_url, retry_wait_s=2).stream(REQUEST, CancelToken())

    assert [len(batch) for batch in stream] == [2]


@pytest.mark.parametrize(
    "start",
    [STREAM + chunks(ROLE), head(content_length="99") + b"{", b"HTTP/1.1 200"],
    ids=["stream", "whole answer", "head"],
)
@pytest.mark.parametrize("disconnect", [Peer.close, Peer.reset])
def test_connection_lost_before_the_first_event_is_retried(
    serve: Serve, connect: Connect, start: bytes, disconnect: Callable[[Peer], None]
) -> None:
    def lose(peer: Peer) -> None:
        peer.send(start)
        disconnect(peer)

    server = serve(
        *(lose, streamed(text_chunk("a"), FINISH)), *(lose, answer(completion("hi")))
    )
    client = connect(server.base_url, retry_wait_s=2)

    assert [len(batch) for batch in client.stream(REQUEST, CancelToken())] == [2]
    assert complete(client) == "hi"
    assert len(server.requests) == 4


@pytest.mark.parametrize(
    "body",
    [b"", b'{"message": "half', b'{"message": "whole"}'],
    ids=["none", "half", "whole"],
)
def test_error_response_with_an_incomplete_body_keeps_its_class(
    serve: Serve, connect: Connect, body: bytes
) -> None:
    def cut(peer: Peer) -> None:
        peer.send(head(400, content_length="9999") + body)
        peer.close()

    with pytest.raises(RequestRefused):
        connect(serve(cut).base_url).complete(REQUEST, CancelToken())


def test_cancel_ends_a_retry_wait(serve: Serve, connect: Connect) -> None:
    server = serve(answer({"message": "no"}, 429, retry_after="30"))
    client = connect(server.base_url, retry_wait_s=60)
    cancel = CancelToken()
    cancelled_at: list[float] = []

    def cancel_later() -> None:
        server.wait_for(1)
        cancelled_at.append(monotonic())
        cancel.cancel()

    threading.Thread(target=cancel_later).start()
    with pytest.raises(Cancelled):
        client.complete(REQUEST, cancel)

    assert monotonic() - cancelled_at[0] < 0.5


@pytest.mark.parametrize("whole", [True, False])
@pytest.mark.parametrize("sent", [b"", STREAM], ids=["nothing", "head"])
def test_cancel_before_the_first_byte_ends_the_request_and_releases_the_key(
    serve: Serve, connect: Connect, sent: bytes, whole: bool
) -> None:
    cancel, closed = CancelToken(), threading.Event()

    def script(peer: Peer) -> None:
        peer.send(sent)
        cancel.cancel()
        peer.wait_until_gone()
        closed.set()

    server = serve(script)
    client = connect(server.base_url, retry_wait_s=9)

    with pytest.raises(Cancelled):
        (client.complete if whole else client.stream)(REQUEST, cancel)

    assert closed.wait(0.5)
    assert len(server.requests) == 1
    assert client.retry_policy.key_pool.keys[0].active == 0


def test_no_error_contains_the_key(
    serve: Serve, connect: Connect, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level("DEBUG")
    echo = {"message": f"no: Bearer {KEY}", "code": KEY}
    replies = [
        *[answer(echo, status) for status in (302, 400, 401, 402, 403, 404, 429, 500)],
        answer(f"no: {KEY}".encode(), 500),
        streamed({"status_code": 400, "error": echo}),
        b"what? %b\r\n\r\n" % KEY.encode(),
        head(content_length="9"),
    ]
    for base_url in [*[serve(each).base_url for each in replies], "http://127.0.0.1:1"]:
        with pytest.raises(UpstreamError) as caught:
            connect(base_url, idle_timeout_s=0.1).stream(REQUEST, CancelToken())
        assert KEY not in "".join(traceback.format_exception(caught.value))

    assert KEY not in caplog.text
    assert KEY not in repr(connect("http://127.0.0.1:1"))
