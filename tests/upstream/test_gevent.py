"""The client under gevent's patches, in a process of its own."""

from __future__ import annotations

import json
import subprocess
import sys
import threading
from pathlib import Path
from typing import Any

import pytest

from tests.upstream.conftest import Serve
from tests.upstream.servers import (
    END,
    FINISH,
    STREAM,
    Peer,
    Server,
    answer,
    chunks,
    head,
    said,
)

PROJECT = Path(__file__).parents[2]
over_both = pytest.mark.parametrize("tls", [False, True], ids=["plain", "tls"])


def play(scene: str, server: Server) -> Any:
    """What the scene says, run under gevent; it is told of the request's arrival."""
    with subprocess.Popen(
        [sys.executable, "-m", "tests.upstream.under_gevent", server.base_url, scene],
        cwd=PROJECT,
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    ) as program:
        server.wait_for(1)
        stdout, stderr = program.communicate(timeout=60)
    assert (program.returncode, stderr) == (0, "")
    return json.loads(stdout)


@over_both
@pytest.mark.parametrize(
    "sent",
    [b"", head(content_length="9"), STREAM + chunks(said("a"))],
    ids=["nothing", "head", "event"],
)
def test_a_client_that_leaves_ends_every_wait(
    serve: Serve, sent: bytes, tls: bool
) -> None:
    gone = threading.Event()

    def script(peer: Peer) -> None:
        peer.send(sent)
        peer.wait_until_gone()
        gone.set()

    server = serve(script, tls=tls)

    told = play("leave", server)

    assert gone.wait(5)
    assert told["took_s"] < 0.1
    assert len(server.requests) == 1


def test_a_client_that_leaves_ends_a_retry_wait(serve: Serve) -> None:
    server = serve(answer({"message": "no"}, 429, retry_after="15"))

    assert play("leave", server)["took_s"] < 0.1


def test_silence_is_told_under_gevent_too(serve: Serve) -> None:
    told = play("listen", serve(STREAM + chunks(said("a"))))

    assert told == {"sizes": [1, 0, 0]}


@over_both
def test_a_crowd_is_served_by_kept_connections(serve: Serve, tls: bool) -> None:
    pace = threading.Event()

    def script(peer: Peer) -> None:
        peer.send(STREAM)
        for word in ["é", "😀", "語"] * 20:
            peer.send(chunks(said(word)))
            pace.wait(0.001)
        peer.send(chunks(FINISH), END)

    server = serve(script, tls=tls)

    told = play("many", server)

    assert told == {"texts": ["é😀語" * 20]}
    assert len(server.requests) == 55
    assert server.connections <= 50


@over_both
def test_a_cut_stream_is_an_error(serve: Serve, tls: bool) -> None:
    def script(peer: Peer) -> None:
        peer.send(STREAM, chunks(said("a")))
        peer.close()

    told = play("fail", serve(script, tls=tls))

    assert told["error"].startswith("Cerebras' answer was cut short")


def test_the_pinned_gevent_lets_us_wait_before_a_read(serve: Serve) -> None:
    told = play("wait_first", serve(answer({"data": []})))

    assert told == {"waits": True, "unwrapped": True}, (
        "gevent has changed inside: each event now costs a failing read first"
    )
