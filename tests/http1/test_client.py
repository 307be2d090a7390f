"""Requests leave and responses arrive byte for byte; failures are named."""

import socket
import threading
import time
from pathlib import Path

import pytest

from app.errors import Cancelled, UpstreamError, UpstreamTimeout
from app.http1.cancel import CancelToken
from app.http1.client import path_of
from app.http1.connection import MAX_JOINED_BYTES
from tests.http1.conftest import (
    Disconnect,
    Serve,
    disconnects,
    fetch,
    make_client,
    over_both,
    send,
)
from tests.scripted_server import STREAM, Peer, Script, answer, chunk, head

HI = answer(b"hi")


def test_request_has_only_a_host_header_of_its_own(serve: Serve) -> None:
    server = serve(HI)

    fetch(make_client(server.base_url))

    assert server.requests[0].line == "GET /v1 HTTP/1.1"
    assert server.requests[0].headers == {"host": f"127.0.0.1:{server.port}"}


def test_credentials_in_the_url_are_not_in_the_host_header(serve: Serve) -> None:
    server = serve(HI)

    fetch(make_client(server.base_url.replace("//", "//user:secret@")))

    assert server.requests[0].headers["host"] == f"127.0.0.1:{server.port}"


def test_netrc_adds_no_credentials(
    serve: Serve, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    netrc = tmp_path / ".netrc"
    netrc.write_text("machine 127.0.0.1 login a password b\ndefault login c password d")
    netrc.chmod(0o600)
    monkeypatch.setenv("HOME", str(tmp_path))
    monkeypatch.setenv("NETRC", str(netrc))
    server = serve(HI)

    fetch(make_client(server.base_url))

    assert "authorization" not in server.requests[0].headers


@pytest.mark.parametrize(
    ("url", "path"),
    [
        ("http://h/v1", "/v1"),
        ("http://h", ""),
        ("http://h/%C3%BC \xfc/v1?a=b", "/%C3%BC%20%C3%BC/v1"),
    ],
)
def test_path_of_a_url_is_percent_encoded(url: str, path: str) -> None:
    assert path_of(url) == path


@pytest.mark.parametrize("size", [1, MAX_JOINED_BYTES, MAX_JOINED_BYTES + 1, 5_000_000])
def test_request_body_of_any_size_arrives(serve: Serve, size: int) -> None:
    server = serve(HI)

    send(make_client(server.base_url), "POST", body=b"x" * size).body.close()

    assert server.requests[0].body == b"x" * size


def test_invalid_header_is_not_sent(serve: Serve) -> None:
    server = serve(HI)
    client = make_client(server.base_url)
    split = client.make_request("GET", "/", {"A": "b\r\nC: d"})

    with pytest.raises(UpstreamError, match="the request would not be HTTP"):
        client.send(split, CancelToken(), 5)

    assert not server.requests


def test_cookie_is_not_sent_back(serve: Serve) -> None:
    server = serve(answer(b"hi", set_cookie="__cf_bm=abc; path=/"))
    client = make_client(server.base_url)

    fetch(client)
    fetch(client)

    assert "cookie" not in server.requests[1].headers


def test_early_response_is_read_though_sending_fails() -> None:
    """As of a server that refuses a large body and closes the connection."""
    with socket.create_server(("127.0.0.1", 0)) as listener:

        def refuse() -> None:
            sock, _ = listener.accept()
            with sock:
                sock.sendall(answer(b"too large", 413))
                time.sleep(0.1)

        refusing = threading.Thread(target=refuse)
        refusing.start()
        client = make_client(f"http://127.0.0.1:{listener.getsockname()[1]}")
        response = send(client, "POST", body=b"x" * 30_000_000)
        refusing.join()

    assert (response.status, response.body.read_all(9)) == (413, b"too large")


CANNOT_CONNECT = "^cannot reach it: "
TIMEOUTS = (Peer.wait_until_gone, "https://")
FAILURES: dict[str, tuple[str | Script, str, bool]] = {
    "not HTTP": (b"SSH-2.0-OpenSSH_9\r\n\r\n", "its answer is not HTTP$", False),
    "silence": (Peer.wait_until_gone, "^it did not answer in time$", False),
    "refused": ("http://127.0.0.1:9", CANNOT_CONNECT + "connection refused$", True),
    "unknown host": ("http://upstream.invalid", CANNOT_CONNECT, True),
    "no handshake": ("https://", "connecting timed out", True),
}


@pytest.mark.parametrize(("peer", "text", "retryable"), FAILURES.values(), ids=FAILURES)
def test_failure_before_the_response_is_named(
    serve: Serve, peer: str | Script, text: str, retryable: bool
) -> None:
    url = peer if isinstance(peer, str) else serve(peer).base_url
    if url == "https://":  # a server that is silent after the TCP handshake
        url = serve(b"").base_url.replace("http:", "https:")

    with pytest.raises(UpstreamError, match=text) as caught:
        send(make_client(url, connect_timeout_s=0.1), timeout_s=0.05)

    assert isinstance(caught.value, UpstreamTimeout) == (peer in TIMEOUTS)
    assert caught.value.retryable is retryable


def test_sending_may_take_longer_than_connecting(serve: Serve) -> None:
    may_read = threading.Event()
    server = serve(HI)
    client = make_client(server.base_url, connect_timeout_s=0.2)
    server.pause_reading(may_read)
    threading.Timer(0.6, may_read.set).start()

    send(client, "POST", body=b"x" * 30_000_000).body.close()

    assert may_read.is_set()


@over_both
@pytest.mark.parametrize(
    "sent",
    [b"", head(content_length="9"), STREAM + chunk(b"a")],
    ids=["nothing", "head", "chunk"],
)
def test_cancel_ends_a_wait_under_threads(serve: Serve, sent: bytes, tls: bool) -> None:
    closed_at: list[float] = []
    closed = threading.Event()

    def script(peer: Peer) -> None:
        peer.send(sent)
        closed_at.append(peer.wait_until_gone())
        closed.set()

    server = serve(script, tls=tls)
    cancel = CancelToken()
    cancelled_at: list[float] = []

    def cancel_request() -> None:
        server.wait_for(1)
        cancelled_at.append(time.monotonic())
        cancel.cancel()

    threading.Thread(target=cancel_request).start()
    with pytest.raises(Cancelled):
        send(make_client(server.base_url), cancel=cancel).body.read_all(100)

    assert closed.wait(5)
    assert closed_at[0] - cancelled_at[0] < 0.1


def test_cancelled_request_is_not_sent(serve: Serve) -> None:
    server = serve(HI)
    client = make_client(server.base_url)
    cancel = CancelToken()
    cancel.cancel()

    with pytest.raises(Cancelled):
        send(client, cancel=cancel)

    assert not server.requests


@over_both
def test_body_read_returns_what_has_arrived_or_nothing(serve: Serve, tls: bool) -> None:
    go_on = threading.Event()

    def script(peer: Peer) -> None:
        peer.send(STREAM, chunk(b"one\ntw"))
        assert go_on.wait(5)
        peer.send(chunk(b"o\n"), b"0\r\n\r\n")

    body = send(make_client(serve(script, tls=tls).base_url)).body

    assert [body.read(5), body.read(0.05), body.read(0.05)] == [b"one\ntw", b"", b""]
    assert not body.ended
    go_on.set()
    assert body.read_all(100) == b"o\n"
    assert body.ended


def test_body_that_is_silent_for_the_idle_timeout_fails(serve: Serve) -> None:
    client = make_client(serve(head(content_length="9")).base_url)
    body = send(client, timeout_s=0.1).body

    with pytest.raises(UpstreamTimeout, match="it sent nothing for 0.1 seconds"):
        for _ in range(9):
            body.read(0.03)


def test_empty_body_has_ended_before_it_is_read(serve: Serve) -> None:
    body = send(make_client(serve(answer(b"")).base_url)).body

    assert body.ended
    assert body.read_all(9) == b""


def test_body_size_is_limited(serve: Serve) -> None:
    body = send(make_client(serve(answer(b"x" * 100)).base_url)).body

    with pytest.raises(UpstreamError, match="too large"):
        body.read_all(99)
    assert body.ended


@over_both
@disconnects
@pytest.mark.parametrize("begun", [head(content_length="9") + b"abc", STREAM])
def test_body_that_is_cut_short_can_be_retried(
    serve: Serve, begun: bytes, disconnect: Disconnect, tls: bool
) -> None:
    read = threading.Event()

    def script(peer: Peer) -> None:
        peer.send(begun)
        assert read.wait(5)
        disconnect(peer)

    server = serve(script, tls=tls)
    body = send(make_client(server.base_url, peer="Cerebras")).body
    read.set()

    with pytest.raises(UpstreamError, match="Cerebras' answer was cut") as caught:
        body.read_all(9)
    assert caught.value.retryable
    assert body.ended


def test_body_that_ends_with_its_connection_is_whole(serve: Serve) -> None:
    def script(peer: Peer) -> None:
        peer.send(head() + b"abc")
        peer.close()

    assert fetch(make_client(serve(script).base_url)) == b"abc"
