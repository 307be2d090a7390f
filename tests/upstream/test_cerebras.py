"""Whole answers and lists of models: what is asked of Cerebras, and how."""

from __future__ import annotations

import gc
import json
import traceback
from types import FunctionType, ModuleType
from typing import Any

import pytest

from app.errors import (
    KeyMissing,
    KeyRefused,
    UpstreamError,
)
from app.http1.cancel import CancelToken
from app.version import VERSION
from tests.upstream.conftest import KEY, Connect, Serve
from tests.upstream.servers import (
    FINISH,
    answer,
    chunks,
    completion,
    head,
    said,
    streamed,
)

REQUEST: dict[str, Any] = {"model": "m", "messages": [{"role": "user", "content": "é"}]}
SHARED = (type, ModuleType, FunctionType)
FAILING = answer({"message": "no"}, 500)


def text_of(completion: Any) -> str:
    return completion.choices[0].message.content


def test_a_whole_answer_is_one_completion(serve: Serve, connect: Connect) -> None:
    server = serve(answer(completion("hi")))

    reply = connect(server.base_url).complete(REQUEST, CancelToken())

    assert text_of(reply) == "hi"
    request = server.requests[0]
    assert request.line == "POST /v1/chat/completions HTTP/1.1"
    assert json.loads(request.body) == {**REQUEST, "stream": False}


def test_a_request_tells_who_sends_it_and_asks_for_plain_bytes(
    serve: Serve, connect: Connect
) -> None:
    server = serve(streamed(said("a"), FINISH))

    list(connect(server.base_url).stream(REQUEST, CancelToken()))

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

    reply = connect(f"{server.base_url}/").complete({"prompt": "x"}, CancelToken())

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
        connect(server.base_url, retry_wait_s=9).complete(REQUEST, CancelToken())

    assert caught.value.status == 502
    assert "secret" not in caught.value.message
    assert len(server.requests) == 1


def test_without_a_key_nothing_is_sent(serve: Serve, connect: Connect) -> None:
    server = serve(answer(completion("hi")))
    client = connect(server.base_url, api_keys=())

    for ask in (client.complete, client.stream):
        with pytest.raises(KeyMissing, match="CEREBRAS_API_KEY is not set"):
            ask(REQUEST, CancelToken())
    with pytest.raises(KeyMissing):
        client.models()

    assert server.connections == 0


@pytest.mark.parametrize("key", ["csk-a b", "csk-a\r\nX: y", "csk-é", "csk-a\x00"])
def test_a_key_that_is_no_header_is_not_shown(connect: Connect, key: str) -> None:
    with pytest.raises(KeyRefused) as caught:
        connect("http://127.0.0.1:1/v1", api_keys=(KEY, key))

    told = "".join(traceback.format_exception(caught.value))
    assert KEY not in told
    assert key not in told


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

    found = connect(server.base_url, api_keys=()).public_models()

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


def reachable(start: object) -> list[object]:
    """All that an object keeps alive; what all of a program shares is left out."""
    found, ahead = {id(start): start}, [start]
    while ahead:
        further = gc.get_referents(ahead.pop())
        new = [each for each in further if id(each) not in found]
        new = [each for each in new if not isinstance(each, SHARED)]
        found.update({id(each): each for each in new})
        ahead.extend(new)
    return list(found.values())


def test_a_stream_that_goes_on_has_forgotten_its_request_and_its_head(
    serve: Serve, connect: Connect
) -> None:
    """A long conversation would take up its memory for as long as the answer lasts."""
    asked, told = "only in this request", "only-in-this-answer"
    unfinished = head(transfer_encoding="chunked", x_told=told) + chunks(said("a"))
    client = connect(serve(unfinished).base_url)
    conversation = [{"role": "user", "content": asked}]

    stream = client.stream({"model": "m", "messages": conversation}, CancelToken())

    kept = [str(each) for each in reachable(stream) if isinstance(each, str | bytes)]
    stream.close()
    assert [each for each in kept if asked in each or told in each] == []
