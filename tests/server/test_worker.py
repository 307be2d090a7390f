"""A worker serves connections with gunicorn's parser; tests/live runs whole servers."""

from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from types import SimpleNamespace
from typing import Any

import gevent
import pytest
from gevent.socket import create_connection, socket
from gunicorn.config import Config
from gunicorn.http.message import Request

from app.server.client import Client
from app.server.listener import Listener
from app.server.worker import Worker, discard_body

HOST = "Host: localhost\r\n"
GET = f"GET /path%20a?query HTTP/1.1\r\n{HOST}\r\n"

StartResponse = Callable[..., Any]


def echo(environ: dict[str, Any], start_response: StartResponse) -> Iterable[bytes]:
    """Reply with some of the environ and the body."""
    start_response("200 OK", [])
    names = ("REQUEST_METHOD", "PATH_INFO", "QUERY_STRING", "HTTP_HOST")
    yield " ".join(str(environ.get(name)) for name in names).encode()
    yield environ["wsgi.input"].read() or b"-"


def fail(environ: dict[str, Any], start_response: StartResponse) -> Iterable[bytes]:
    raise ZeroDivisionError("secret")


def ignore_body(
    environ: dict[str, Any], start_response: StartResponse
) -> Iterable[bytes]:
    start_response("200 OK", [("Content-Length", "2")])
    return [b"ok"]


@pytest.fixture
def worker() -> Iterator[Worker]:
    cfg = Config()
    cfg.set("keepalive", 5)
    log = SimpleNamespace(access=lambda *_: None, debug=lambda *_: None)
    made = Worker(1, 1, [], None, 30, cfg, log)
    made.send_timeout_s = 5.0
    made.wsgi = echo
    yield made
    made.tmp.close()


@dataclass
class Listening:
    """A worker that accepts connections at `address`."""

    worker: Worker
    listener: Listener
    address: tuple[str, int]

    def exchange(self, request: str) -> str:
        """Send a request, and return all that comes until the server closes."""
        with create_connection(self.address, 10) as client:
            client.sendall(request.encode("latin-1"))
            client.shutdown(1)
            return b"".join(iter(lambda: client.recv(65536), b"")).decode("latin-1")


@pytest.fixture
def listening(worker: Worker) -> Iterator[Listening]:
    sock = socket()
    sock.bind(("127.0.0.1", 0))
    sock.listen()
    listener = worker.listen(sock)
    yield Listening(worker, listener, sock.getsockname())
    listener.close()


def test_app_gets_gunicorns_environ(listening: Listening) -> None:
    reply = listening.exchange(GET)

    assert reply.startswith("HTTP/1.1 200 OK\r\n")
    assert "GET /path a query localhost" in reply


def test_pipelined_requests_are_answered_in_order(listening: Listening) -> None:
    post = f"POST /{{}} HTTP/1.1\r\n{HOST}Content-Length: 3\r\n\r\n{{}}"

    reply = listening.exchange(post.format("a", "one") + post.format("b", "two"))

    assert reply.count("HTTP/1.1 200 OK") == 2
    assert reply.index("POST /a") < reply.index("one") < reply.index("POST /b")


def test_body_that_the_app_did_not_read_is_discarded(listening: Listening) -> None:
    listening.worker.wsgi = ignore_body
    post = f"POST / HTTP/1.1\r\n{HOST}Content-Length: 9\r\n\r\nGET / bad"

    assert listening.exchange(post + post).count("HTTP/1.1 200 OK") == 2


MALFORMED_HEADS = {
    "no HTTP": ("NONSENSE\r\n\r\n", "400 Bad Request"),
    "bytes": (f"GET /\xff HTTP/1.1\r\n{HOST}\r\n", "400 Bad Request"),
    "no colon": (f"GET / HTTP/1.1\r\n{HOST}no colon\r\n\r\n", "400 Bad Request"),
    "coding": (
        f"GET / HTTP/1.1\r\n{HOST}Transfer-Encoding: x\r\n\r\n",
        "400 Bad Request",
    ),
    "no host": ("GET / HTTP/1.1\r\n\r\n", "400 Bad Request"),
    "version": (f"GET / HTTP/3.0\r\n{HOST}\r\n", "505 HTTP Version Not Supported"),
    "expect": (f"GET / HTTP/1.1\r\n{HOST}Expect: x\r\n\r\n", "417 Expectation Failed"),
    "long path": (f"GET /{'a' * 9000} HTTP/1.1\r\n{HOST}\r\n", "414 URI Too Long"),
    "long header": (
        f"GET / HTTP/1.1\r\n{HOST}A: {'a' * 9000}\r\n\r\n",
        "431 Request Header Fields Too Large",
    ),
}


@pytest.mark.parametrize(
    ("head", "status"), MALFORMED_HEADS.values(), ids=MALFORMED_HEADS
)
def test_malformed_head_is_refused(
    listening: Listening, head: str, status: str
) -> None:
    reply = listening.exchange(head)

    assert reply.startswith(f"HTTP/1.1 {status}\r\n")
    assert reply.endswith(f"\r\n\r\n{status}")


def test_failing_app_is_a_500_that_closes_the_connection(listening: Listening) -> None:
    listening.worker.wsgi = fail

    reply = listening.exchange(GET + GET)

    assert reply.startswith("HTTP/1.1 500 Internal Server Error\r\n")
    assert reply.count("HTTP/1.1") == 1
    assert "secret" not in reply


def test_worker_stops_after_its_maximum_of_requests(listening: Listening) -> None:
    worker = listening.worker
    worker.max_requests = 2
    listening.exchange(GET)
    assert worker.alive

    reply = listening.exchange(GET)

    assert not worker.alive
    assert "Connection: close" in reply


def test_closing_a_listener_serves_its_backlog(listening: Listening) -> None:
    listener = listening.listener
    with create_connection(listening.address, 10) as client:
        listener.close()  # before the hub could accept
        client.sendall(GET.encode())

        assert client.recv(65536).startswith(b"HTTP/1.1 200 OK\r\n")
        assert listener.is_busy
    with pytest.raises(ConnectionRefusedError):
        create_connection(listening.address, 10)
    gevent.sleep(0.05)
    assert not listener.is_busy
    assert listening.worker.clients == set()


def test_closing_a_full_listener_leaves_its_backlog(worker: Worker) -> None:
    worker.worker_connections = 1
    with socket() as sock:
        sock.bind(("127.0.0.1", 0))
        sock.listen()
        listener = worker.listen(sock)
        with (
            create_connection(sock.getsockname(), 10) as served,
            create_connection(sock.getsockname(), 10) as waiting,
        ):
            served.sendall(GET.encode())
            assert served.recv(65536).startswith(b"HTTP/1.1 200 OK\r\n")

            listener.close()

            with pytest.raises(ConnectionResetError):
                waiting.recv(1)


@pytest.mark.parametrize(
    ("body", "found"), [("2\r\nab\r\n0\r\n\r\n", True), ("x\r\n", False)]
)
def test_end_of_a_broken_body_is_not_found(body: str, found: bool) -> None:
    server_end, client_end = gevent.socket.socketpair()
    with server_end, client_end:
        head = f"POST / HTTP/1.1\r\n{HOST}Transfer-Encoding: chunked\r\n\r\n"
        client_end.sendall((head + body).encode())
        client = Client(server_end, 5)
        assert client.wait_for_request()
        request = Request(Config(), client, ("127.0.0.1", 1))

        assert discard_body(request.body) is found
