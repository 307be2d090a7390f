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
    answer,
    chunks,
    head,
    said,
)

PROJECT = Path(__file__).parents[2]
over_both = pytest.mark.parametrize("tls", [False, True], ids=["plain", "tls"])


def play(scene: str, base_url: str) -> Any:
    """What the scene says, run under gevent."""
    ran = subprocess.run(
        [sys.executable, "-m", "tests.upstream.under_gevent", base_url, scene],
        cwd=PROJECT,
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )
    assert (ran.returncode, ran.stderr) == (0, "")
    return json.loads(ran.stdout)


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

    told = play("leave", server.base_url)

    assert gone.wait(5)
    assert told["took_s"] < 0.1
    assert told["turns"] > 5
    assert len(server.requests) == 1


def test_a_client_that_leaves_ends_a_retry_wait(serve: Serve) -> None:
    server = serve(answer({"message": "no"}, 429, retry_after="15"))

    assert play("leave", server.base_url)["took_s"] < 0.1


def test_silence_is_told_under_gevent_too(serve: Serve) -> None:
    batches = play("leave", serve(STREAM + chunks(said("a"))).base_url)["batches"]

    assert batches[0] == 1
    assert batches[1:] in ([0, 0], [0])


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

    told = play("many", server.base_url)

    assert told == {"texts": ["é😀語" * 20]}
    assert len(server.requests) == 55
    assert server.connections <= 50


@over_both
def test_a_cut_stream_is_an_error(serve: Serve, tls: bool) -> None:
    def script(peer: Peer) -> None:
        peer.send(STREAM, chunks(said("a")))
        peer.close()

    told = play("fail", serve(script, tls=tls).base_url)

    assert told["error"].startswith("Cerebras' answer was cut short")


def test_the_pinned_gevent_lets_us_wait_before_a_read() -> None:
    assert play("wait_first", "") == {"waits": True}, (
        "gevent has changed inside: each event now costs a failing read first"
    )
