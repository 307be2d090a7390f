"""Whole answers, lists of models, retries: what the client makes of an upstream."""

from __future__ import annotations

import json
import threading
import traceback
from time import monotonic
from typing import Any

import pytest

from app.errors import (
    Cancelled,
    KeyMissing,
    KeyRefused,
    ModelGone,
    RateLimited,
    RequestRefused,
    UpstreamBusy,
    UpstreamError,
    UpstreamTimeout,
)
from app.upstream.cancel import Cancel
from app.version import VERSION
from tests.upstream.conftest import KEY, Connect, Serve
from tests.upstream.servers import (
    FINISH,
    ROLE,
    STREAM,
    Peer,
    answer,
    chunk,
    chunks,
    completion,
    head,
    said,
    streamed,
)

REQUEST: dict[str, Any] = {"model": "m", "messages": [{"role": "user", "content": "é"}]}
FAILING = answer({"message": "no"}, 500)
AT_ONCE = answer({"message": "no"}, 429, retry_after="0")


def text_of(completion: Any) -> str:
    return completion.choices[0].message.content


def test_a_whole_answer_is_one_completion(serve: Serve, connect: Connect) -> None:
    server = serve(answer(completion("hi")))

    reply = connect(server.base_url).complete(REQUEST, Cancel())

    assert text_of(reply) == "hi"
    request = server.requests[0]
    assert request.line == "POST /v1/chat/completions HTTP/1.1"
    assert json.loads(request.body) == {**REQUEST, "stream": False}


def test_a_request_tells_who_sends_it_and_asks_for_plain_bytes(
    serve: Serve, connect: Connect
) -> None:
    server = serve(streamed(said("a"), FINISH))

    list(connect(server.base_url).stream(REQUEST, Cancel()))

    headers = server.requests[0].headers
    assert json.loads(server.requests[0].body)["stream"] is True
    assert headers["authorization"] == f"Bearer {KEY}"
    assert headers["user-agent"] == f"cerellama/{VERSION}"
    assert headers["accept-encoding"] == "identity"
    assert headers["content-type"] == "application/json"
    assert headers["x-cerebras-3rd-party-integration"] == "cerellama"
    assert "cookie" not in headers


def test_a_prompt_goes_to_text_completions(serve: Serve, connect: Connect) -> None:
    server = serve(answer({"choices": [{"text": "hi", "finish_reason": "stop"}]}))

    reply = connect(f"{server.base_url}/").complete({"prompt": "x"}, Cancel())

    assert reply.choices and reply.choices[0].text == "hi"
    assert server.requests[0].line == "POST /v1/completions HTTP/1.1"


@pytest.mark.parametrize(
    "body", [b"<html>secret</html>", b"{}", b'{"choices": []}', b'{"choices": 7}', b""]
)
def test_what_is_no_completion_is_an_error(
    serve: Serve, connect: Connect, body: bytes
) -> None:
    server = serve(answer(body))

    with pytest.raises(UpstreamError) as caught:
        connect(server.base_url, retry_wait_s=9).complete(REQUEST, Cancel())

    assert caught.value.status == 502
    assert "secret" not in caught.value.message
    assert len(server.requests) == 1


@pytest.mark.parametrize("key", [None, ""])
def test_without_a_key_nothing_is_sent(
    serve: Serve, connect: Connect, key: str | None
) -> None:
    server = serve(answer(completion("hi")))
    client = connect(server.base_url, api_key=key)

    for ask in (client.complete, client.stream):
        with pytest.raises(KeyMissing, match="CEREBRAS_API_KEY is not set"):
            ask(REQUEST, Cancel())
    with pytest.raises(KeyMissing):
        client.models()

    assert server.connections == 0


@pytest.mark.parametrize("key", ["csk-a b", "csk-a\r\nX: y", "csk-é", "csk-a\x00"])
def test_a_key_that_is_no_header_is_not_shown(connect: Connect, key: str) -> None:
    client = connect("http://127.0.0.1:1/v1", api_key=key)

    with pytest.raises(KeyRefused) as caught:
        client.complete(REQUEST, Cancel())

    assert "csk" not in "".join(traceback.format_exception(caught.value))


def test_the_models_are_ids(serve: Serve, connect: Connect) -> None:
    listing = {"object": "list", "data": [{"id": "a", "created": 0}, {"id": "b"}]}
    server = serve(answer(listing))

    assert connect(server.base_url).models() == ["a", "b"]
    assert server.requests[0].line == "GET /v1/models HTTP/1.1"
    assert server.requests[0].headers["authorization"] == f"Bearer {KEY}"


@pytest.mark.parametrize("body", [b"<html>", b"{}", b'{"data": [{"id": 1}]}'])
def test_what_is_no_list_of_models_is_an_error(
    serve: Serve, connect: Connect, body: bytes
) -> None:
    with pytest.raises(UpstreamError):
        connect(serve(answer(body)).base_url).models()


def test_what_is_published_of_models_needs_no_key(
    serve: Serve, connect: Connect
) -> None:
    server = serve(answer({"data": [{"id": "a", "limits": {}}]}))

    found = connect(server.base_url, api_key=None).public_models()

    assert found == [{"id": "a", "limits": {}}]
    assert server.requests[0].line == "GET /public/v1/models HTTP/1.1"
    assert "authorization" not in server.requests[0].headers


@pytest.mark.parametrize(
    "reply", [FAILING, answer({"data": [1]}), answer({}, 404), answer(b"<html>")]
)
def test_nothing_published_is_no_error(
    serve: Serve, connect: Connect, reply: bytes
) -> None:
    assert connect(serve(reply).base_url).public_models() == []


def test_an_unreachable_upstream_publishes_nothing(connect: Connect) -> None:
    assert connect("http://127.0.0.1:1/v1").public_models() == []


@pytest.mark.parametrize("failure", [408, 429, 500, 502, 503])
def test_a_passing_failure_is_tried_again(
    serve: Serve, connect: Connect, failure: int
) -> None:
    failing = answer({"message": "no"}, failure, retry_after="0")
    server = serve(failing, failing, answer(completion("hi")))

    reply = connect(server.base_url, retry_wait_s=1).complete(REQUEST, Cancel())

    assert text_of(reply) == "hi"
    assert len(server.requests) == 3
    assert server.connections == 1


@pytest.mark.parametrize("refusal", [400, 401, 402, 403, 404, 413, 302])
def test_a_lasting_failure_is_not_tried_again(
    serve: Serve, connect: Connect, refusal: int
) -> None:
    server = serve(answer({"message": "no"}, refusal, retry_after="0"))

    with pytest.raises(UpstreamError):
        connect(server.base_url, retry_wait_s=9).stream(REQUEST, Cancel())

    assert len(server.requests) == 1


def test_a_model_that_is_gone_says_so(serve: Serve, connect: Connect) -> None:
    gone = answer({"message": "Model x ...", "code": "model_not_found"}, 404)

    with pytest.raises(ModelGone):
        connect(serve(gone).base_url).complete(REQUEST, Cancel())


def test_retries_end(serve: Serve, connect: Connect) -> None:
    server = serve(AT_ONCE)

    with pytest.raises(RateLimited):
        connect(server.base_url, retry_wait_s=9).complete(REQUEST, Cancel())

    assert 5 < len(server.requests) < 20


@pytest.mark.parametrize(("status", "error"), [(429, RateLimited), (503, UpstreamBusy)])
def test_a_wait_that_would_not_fit_is_not_begun_but_told(
    serve: Serve, connect: Connect, status: int, error: type[UpstreamError]
) -> None:
    server = serve(answer({"message": "no"}, status, retry_after="30"))
    begun = monotonic()

    with pytest.raises(error) as caught:
        connect(server.base_url, retry_wait_s=20).complete(REQUEST, Cancel())

    assert caught.value.retry_after == 30
    assert monotonic() - begun < 5


def test_all_waits_together_fit_into_the_bound(serve: Serve, connect: Connect) -> None:
    server = serve(answer({"message": "no"}, 503, retry_after="0.1"))

    with pytest.raises(UpstreamBusy):
        connect(server.base_url, retry_wait_s=0.25).complete(REQUEST, Cancel())

    assert len(server.requests) == 3


def test_an_error_as_the_first_event_is_tried_again(
    serve: Serve, connect: Connect
) -> None:
    failing = {"status_code": 500, "error": {"message": "no"}}
    server = serve(streamed(ROLE, failing), streamed(said("a"), FINISH))

    stream = connect(server.base_url, retry_wait_s=2).stream(REQUEST, Cancel())

    assert [len(batch) for batch in stream] == [2]


@pytest.mark.parametrize(
    "start",
    [STREAM + chunks(ROLE), head(content_length="99") + b"{", b"HTTP/1.1 200"],
    ids=["stream", "whole answer", "head"],
)
def test_a_connection_lost_before_the_first_event_is_tried_again(
    serve: Serve, connect: Connect, start: bytes
) -> None:
    def lose(peer: Peer) -> None:
        peer.send(start)
        peer.reset()

    server = serve(lose, streamed(said("a"), FINISH))

    stream = connect(server.base_url, retry_wait_s=2).stream(REQUEST, Cancel())

    assert [len(batch) for batch in stream] == [2]
    assert len(server.requests) == 2


def test_a_whole_answer_that_was_cut_is_tried_again(
    serve: Serve, connect: Connect
) -> None:
    def cut(peer: Peer) -> None:
        peer.send(head(transfer_encoding="chunked"), chunk(b'{"choices": ['))
        peer.close()

    server = serve(cut, answer(completion("hi")))

    reply = connect(server.base_url, retry_wait_s=2).complete(REQUEST, Cancel())

    assert text_of(reply) == "hi"


def test_an_answer_in_bad_framing_is_not_tried_again(
    serve: Serve, connect: Connect
) -> None:
    server = serve(STREAM + b"hello\r\n")

    with pytest.raises(UpstreamError, match="malformed"):
        connect(server.base_url, retry_wait_s=9).stream(REQUEST, Cancel())

    assert len(server.requests) == 1


def test_an_upstream_that_does_not_answer_is_a_timeout_and_asked_once(
    serve: Serve, connect: Connect
) -> None:
    server = serve(b"")
    client = connect(server.base_url, idle_timeout_s=0.1, retry_wait_s=9)

    with pytest.raises(UpstreamTimeout):
        client.complete(REQUEST, Cancel())

    assert len(server.requests) == 1


@pytest.mark.parametrize(
    "body",
    [b"", b'{"message": "half', b'{"message": "whole"}'],
    ids=["none", "half", "whole"],
)
def test_an_error_whose_body_is_cut_is_still_that_error(
    serve: Serve, connect: Connect, body: bytes
) -> None:
    def cut(peer: Peer) -> None:
        peer.send(head(400, content_length="9999") + body)
        peer.close()

    with pytest.raises(RequestRefused):
        connect(serve(cut).base_url).complete(REQUEST, Cancel())


def test_a_client_that_leaves_ends_a_retry_wait(serve: Serve, connect: Connect) -> None:
    server = serve(answer({"message": "no"}, 429, retry_after="30"))
    client = connect(server.base_url, retry_wait_s=60)
    cancel = Cancel()
    left: list[float] = []

    def leave() -> None:
        server.wait_for(1)
        left.append(monotonic())
        cancel.trip()

    threading.Thread(target=leave).start()
    with pytest.raises(Cancelled):
        client.complete(REQUEST, cancel)

    assert monotonic() - left[0] < 0.5


@pytest.mark.parametrize("whole", [True, False])
@pytest.mark.parametrize("sent", [b"", head(content_length="99")], ids=["", "head"])
def test_a_client_that_leaves_ends_the_wait_for_the_first_byte(
    serve: Serve, connect: Connect, sent: bytes, whole: bool
) -> None:
    gone: list[float] = []
    closed = threading.Event()

    def script(peer: Peer) -> None:
        peer.send(sent)
        gone.append(peer.wait_until_gone())
        closed.set()

    server = serve(script)
    client = connect(server.base_url, retry_wait_s=9)
    cancel = Cancel()
    left: list[float] = []

    def leave() -> None:
        server.wait_for(1)
        left.append(monotonic())
        cancel.trip()

    threading.Thread(target=leave).start()
    with pytest.raises(Cancelled):
        (client.complete if whole else client.stream)(REQUEST, cancel)

    assert closed.wait(5)
    assert gone[0] - left[0] < 0.1
    assert len(server.requests) == 1


def test_a_client_that_has_left_is_not_connected_for(
    serve: Serve, connect: Connect
) -> None:
    server = serve(answer(completion("hi")))
    cancel = Cancel()
    cancel.trip()

    with pytest.raises(Cancelled):
        connect(server.base_url).complete(REQUEST, cancel)

    assert server.requests == []


def test_an_upstream_that_cannot_be_reached_says_why(connect: Connect) -> None:
    with pytest.raises(UpstreamError) as caught:
        connect("http://127.0.0.1:1/v1").complete(REQUEST, Cancel())

    assert caught.value.status == 502
    assert caught.value.message == "cannot reach Cerebras: connection refused"


@pytest.mark.parametrize("reply", [b"what?\r\n\r\n", b"HTTP/1.1 abc\r\n\r\n"])
def test_an_answer_that_is_not_http_is_an_error(
    serve: Serve, connect: Connect, reply: bytes
) -> None:
    server = serve(reply)

    with pytest.raises(UpstreamError) as caught:
        connect(server.base_url, retry_wait_s=9).complete(REQUEST, Cancel())

    assert caught.value.message == "cannot reach Cerebras: its answer is not HTTP"
    assert len(server.requests) == 1


def test_no_failure_tells_the_key(
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
            connect(base_url, idle_timeout_s=0.1).stream(REQUEST, Cancel())
        assert KEY not in "".join(traceback.format_exception(caught.value))

    assert KEY not in caplog.text
    assert KEY not in repr(connect("http://127.0.0.1:1"))
