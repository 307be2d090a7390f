"""How a streamed response is cancelled and closed, and what its connection becomes."""

import threading
from time import monotonic

import pytest

from app.http1.cancel import CancelToken
from app.upstream.stream import DRAIN_S
from tests.scripted_server import (
    END,
    FINISH,
    STREAM,
    USAGE,
    Peer,
    chunks,
    streamed,
    text_chunk,
)
from tests.upstream.conftest import REQUEST, Connect, Open, Serve


def test_close_of_a_finished_stream_keeps_its_connection(
    serve: Serve, connect: Connect
) -> None:
    """Usage, [DONE] and the end of the body may come after the last batch."""
    closing = threading.Event()

    def script(peer: Peer) -> None:
        peer.send(STREAM, chunks(text_chunk("a"), FINISH))
        assert closing.wait(5)
        peer.send(chunks(USAGE))
        peer.send(END)

    server = serve(script, streamed(text_chunk("b"), FINISH))
    client = connect(server.base_url)
    stream = client.stream(REQUEST, CancelToken())
    next(stream)

    threading.Timer(0.05, closing.set).start()
    stream.close()

    assert stream.usage and stream.usage.completion_tokens == 2
    [[chunk, _]] = client.stream(REQUEST, CancelToken())
    assert chunk.choices and chunk.choices[0].delta.content == "b"
    assert server.connections == 1


def test_close_of_a_finished_stream_waits_briefly_for_its_end(
    open_stream: Open,
) -> None:
    stream = open_stream(STREAM + chunks(text_chunk("a"), FINISH))
    next(stream)
    began = monotonic()

    stream.close()
    assert DRAIN_S <= monotonic() - began < DRAIN_S + 0.5

    stream.close()
    assert monotonic() - began < DRAIN_S + 0.5


@pytest.mark.parametrize("finished", [True, False])
def test_close_of_a_cancelled_or_unfinished_stream_does_not_wait(
    open_stream: Open, finished: bool
) -> None:
    gone = threading.Event()

    def script(peer: Peer) -> None:
        peer.send(STREAM, chunks(text_chunk("a"), *[FINISH] * finished))
        peer.wait_until_gone()
        gone.set()

    cancel = CancelToken()
    stream = open_stream(script, cancel=cancel)
    next(stream)
    if finished:
        cancel.cancel()
    began = monotonic()

    stream.close()
    stream.close()

    assert monotonic() - began < 0.5
    assert gone.wait(5)
