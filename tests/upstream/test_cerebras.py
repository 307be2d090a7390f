"""What is sent to Cerebras, and what is returned from its responses."""

import json
import traceback
from typing import Any

import pytest

from app.errors import (
    KeyMissing,
    KeyRefused,
    UpstreamError,
)
from app.http1.cancel import CancelToken
from app.upstream.cerebras import Cerebras
from app.version import VERSION
from tests.cerebras import Fake
from tests.references import reachable_texts
from tests.scripted_server import (
    FINISH,
    Peer,
    Script,
    answer,
    chunks,
    completion,
    head,
    streamed,
    text_chunk,
)
from tests.upstream.conftest import KEY, REQUEST, Connect, Serve, complete, text_of

WORDS = "é😀語 words and more words " * 20
FAKE_REQUEST: dict[str, Any] = {
    "model": "qwen-3.8-27b",
    "messages": [{"role": "user", "content": "hello"}],
}
FAILING = answer({"message": "no"}, 500)
HI = answer(completion("hi"))
BODY = HI.partition(b"\r\n\r\n")[2]


@pytest.fixture
def client(fake: Fake, connect: Connect) -> Cerebras:
    return connect(fake.base_url, api_keys=(fake.key,), idle_timeout_s=2)


def read_stream(client: Cerebras) -> str:
    return text_of(client.stream(FAKE_REQUEST, CancelToken()))


def test_complete_returns_the_completion(serve: Serve, connect: Connect) -> None:
    server = serve(answer(completion("hi")))

    assert complete(connect(server.base_url)) == "hi"
    request = server.requests[0]
    assert request.line == "POST /v1/chat/completions HTTP/1.1"
    assert json.loads(request.body) == {**REQUEST, "stream": False}


def test_request_headers(serve: Serve, connect: Connect) -> None:
    server = serve(streamed(text_chunk("a"), FINISH))

    list(connect(server.base_url).stream(REQUEST, CancelToken()))

    headers = server.requests[0].headers
    assert json.loads(server.requests[0].body)["stream"] is True
    assert headers["authorization"] == f"Bearer {KEY}"
    assert headers["user-agent"] == f"cerellama/{VERSION}"
    assert headers["accept-encoding"] == "identity"
    assert headers["content-type"] == "application/json"
    assert headers["x-cerebras-3rd-party-integration"] == "cerellama"
    assert "cookie" not in headers


def test_prompt_is_sent_to_completions(serve: Serve, connect: Connect) -> None:
    server = serve(answer({"choices": [{"text": "hi", "finish_reason": "stop"}]}))

    reply = connect(f"{server.base_url}/").complete({"prompt": "x"}, CancelToken())

    assert reply.choices and reply.choices[0].text == "hi"
    assert server.requests[0].line == "POST /v1/completions HTTP/1.1"


@pytest.mark.parametrize(
    "body", [b"<html>secret</html>", b"{}", b'{"choices": []}', b'{"choices": 7}', b""]
)
def test_invalid_completion_is_an_error(
    serve: Serve, connect: Connect, body: bytes
) -> None:
    server = serve(answer(body))

    with pytest.raises(UpstreamError) as caught:
        connect(server.base_url, retry_wait_s=9).complete(REQUEST, CancelToken())

    assert caught.value.status == 502
    assert "secret" not in caught.value.message
    assert len(server.requests) == 1


def test_without_a_key_no_request_is_sent(serve: Serve, connect: Connect) -> None:
    server = serve(answer(completion("hi")))
    client = connect(server.base_url, api_keys=())

    for send in (client.complete, client.stream):
        with pytest.raises(KeyMissing, match="CEREBRAS_API_KEY is not set"):
            send(REQUEST, CancelToken())
    with pytest.raises(KeyMissing):
        client.models()

    assert server.connections == 0


@pytest.mark.parametrize("key", ["csk-a b", "csk-a\r\nX: y", "csk-é", "csk-a\x00"])
def test_error_does_not_contain_an_invalid_key(connect: Connect, key: str) -> None:
    with pytest.raises(KeyRefused) as caught:
        connect("http://127.0.0.1:1/v1", api_keys=(KEY, key))

    text = "".join(traceback.format_exception(caught.value))
    assert KEY not in text
    assert key not in text


def test_models_returns_ids(serve: Serve, connect: Connect) -> None:
    listing = {"object": "list", "data": [{"id": "a", "created": 0}, {"id": "b"}]}
    server = serve(answer(listing))

    assert connect(server.base_url).models() == ["a", "b"]
    assert server.requests[0].line == "GET /v1/models HTTP/1.1"
    assert server.requests[0].headers["authorization"] == f"Bearer {KEY}"


@pytest.mark.parametrize("body", [b"<html>", b"{}", b'{"data": [{"id": 1}]}'])
def test_invalid_list_of_models_is_an_error(
    serve: Serve, connect: Connect, body: bytes
) -> None:
    with pytest.raises(UpstreamError):
        connect(serve(answer(body)).base_url).models()


def test_public_models_are_read_without_a_key(serve: Serve, connect: Connect) -> None:
    server = serve(answer({"data": [{"id": "a", "limits": {}}]}))

    found = connect(server.base_url, api_keys=()).public_models()

    assert found == [{"id": "a", "limits": {}}]
    assert server.requests[0].line == "GET /public/v1/models HTTP/1.1"
    assert "authorization" not in server.requests[0].headers


@pytest.mark.parametrize(
    "reply",
    [FAILING, answer({"data": [1]}), answer({}, 404), answer(b"<html>"), Peer.reset],
)
def test_unreadable_public_models_are_an_empty_list(
    serve: Serve, connect: Connect, reply: Script
) -> None:
    assert connect(serve(reply).base_url).public_models() == []


@pytest.mark.parametrize("failures", [0, 1])
def test_open_stream_keeps_neither_request_nor_head(
    serve: Serve, connect: Connect, failures: int
) -> None:
    """A long conversation would use memory for as long as its reply lasts."""
    in_request, in_head = "only in this request", "only-in-this-head"
    unfinished = head(transfer_encoding="chunked", x_marker=in_head) + chunks(
        text_chunk("a")
    )
    server = serve(*[FAILING] * failures, unfinished)
    client = connect(server.base_url, api_keys=(KEY, "csk-other"))
    conversation = [{"role": "user", "content": in_request}]

    stream = client.stream({"model": "m", "messages": conversation}, CancelToken())

    kept = reachable_texts(stream)
    stream.close()
    assert [text for text in kept if in_request in text or in_head in text] == []


@pytest.mark.parametrize(
    "layout",
    [
        {},
        {"events_per_chunk": 5, "events_per_write": 7},
        {"write_sizes": [1, 2, 3, 5, 7, 11, 13], "write_pause": 0},
        {"chunk_sizes": [1, 4, 2], "extras": ["comments", "crlf", "tight_data"]},
        {"extras": ["empty_deltas", "no_role", "usage_chunk"]},
        {"extras": ["finish_with_content"], "omit": ["usage", "time_info", "done"]},
        {"framing": "close"},
    ],
    ids=str,
)
def test_content_is_the_same_in_every_format(
    fake: Fake, client: Cerebras, layout: dict[str, Any]
) -> None:
    fake.script({"content": WORDS, **layout}, times=2)

    assert complete(client, FAKE_REQUEST) == WORDS
    assert read_stream(client) == WORDS


@pytest.mark.parametrize("fault", ["in_stream_error", "cut", "reset", "garbage", "end"])
def test_failure_in_mid_stream_is_not_retried(
    fake: Fake, connect: Connect, fault: str
) -> None:
    client = connect(fake.base_url, api_keys=(fake.key,), retry_wait_s=9)
    fake.script({"content": WORDS, "fault": fault, "after": 5, "hold": "read"})
    stream = client.stream(FAKE_REQUEST, CancelToken())

    assert next(stream)
    fake.release("read")
    with pytest.raises(UpstreamError):
        list(stream)
    assert len(fake.requests()) == 1


def test_redirect_is_an_error_though_its_body_never_ends(
    serve: Serve, connect: Connect
) -> None:
    other = serve(HI)
    moved = head(302, location=other.base_url, content_length="9")

    with pytest.raises(UpstreamError) as caught:
        complete(connect(serve(moved).base_url, idle_timeout_s=0.1))

    assert caught.value.status == 502
    assert other.connections == 0
