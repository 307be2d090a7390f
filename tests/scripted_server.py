"""Scripted servers: a test says what they send, and sees what they received."""

import contextlib
import json
import socket
import ssl
import struct
import threading
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path
from time import monotonic
from typing import Any

CERTIFICATE = Path(__file__).with_name("localhost.pem")  # with its key; for tests only
WAIT_S = 10.0

FINISH = {"choices": [{"delta": {}, "finish_reason": "stop"}]}
ROLE = {"choices": [{"delta": {"role": "assistant"}}]}
EMPTY = {"choices": [{"delta": {}}]}
USAGE = {"choices": [], "usage": {"prompt_tokens": 1, "completion_tokens": 2}}


def text_chunk(text: str) -> dict[str, Any]:
    return {"choices": [{"delta": {"content": text}}]}


def completion(text: str) -> dict[str, Any]:
    return {"choices": [{"message": {"content": text}, "finish_reason": "stop"}]}


def event(value: Any) -> bytes:
    data = value if isinstance(value, bytes) else json.dumps(value).encode()
    return b"data: %b\n\n" % data


def chunk(data: bytes) -> bytes:
    return b"%x\r\n%b\r\n" % (len(data), data)


def chunks(*events: Any) -> bytes:
    """Return each event in an HTTP chunk of its own, as Cerebras sends them."""
    return b"".join([chunk(event(each)) for each in events])


def head(status: int = 200, **headers: str) -> bytes:
    lines = [f"{name.replace('_', '-')}: {value}" for name, value in headers.items()]
    return "\r\n".join([f"HTTP/1.1 {status} X", *lines, "", ""]).encode()


STREAM = head(content_type="text/event-stream", transfer_encoding="chunked")
END = chunk(event(b"[DONE]")) + b"0\r\n\r\n"


def streamed(*events: Any) -> bytes:
    return STREAM + chunks(*events) + END


def answer(body: Any, status: int = 200, **headers: str) -> bytes:
    """Return a whole response; `body` is bytes, or is encoded as JSON."""
    data = body if isinstance(body, bytes) else json.dumps(body).encode()
    return head(status, content_length=str(len(data)), **headers) + data


@dataclass(frozen=True)
class Request:
    connection: int
    line: str
    headers: dict[str, str]
    body: bytes
    at: float


class Peer:
    """The connection to the client, as the script of one response sees it."""

    def __init__(self, sock: socket.socket) -> None:
        self.sock = sock

    def send(self, *parts: bytes) -> None:
        """Send; do nothing if the client has disconnected."""
        with contextlib.suppress(ConnectionError, ssl.SSLError):
            for part in parts:
                self.sock.sendall(part)

    def wait_until_gone(self) -> float:
        """Return when the client closed the connection; it must not send anything."""
        self.sock.settimeout(WAIT_S)
        with contextlib.suppress(ConnectionError, ssl.SSLError):
            assert self.sock.recv(1) == b""
        return monotonic()

    def tunnel_to(self, port: int) -> None:
        """Act as a proxy: copy bytes in both directions until one side closes."""
        with socket.create_connection(("127.0.0.1", port)) as other:
            self.send(b"HTTP/1.1 200 Connected\r\n\r\n")
            back = threading.Thread(target=copy_bytes, args=(other, self.sock))
            back.start()
            copy_bytes(self.sock, other)
            back.join()

    def close(self) -> None:
        """Close the connection in order."""
        shut_down(self.sock)

    def reset(self) -> None:
        """Reset the connection, as a crash does."""
        self.sock.setsockopt(
            socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0)
        )
        socket.close(self.sock.detach())  # closes it though a file object refers to it
        raise ConnectionResetError  # ends the thread before the number is used again


Script = bytes | Callable[[Peer], object]


class Server:
    """Responds with one script after the other, then always with the last."""

    def __init__(self, *scripts: Script, tls: bool = False) -> None:
        self.requests: list[Request] = []
        self._scripts = list(scripts)
        self._arrived = threading.Condition()
        self._connections: list[socket.socket] = []
        self._context = server_context() if tls else None
        self._may_read = threading.Event()
        self._may_read.set()
        self._listener = socket.create_server(("127.0.0.1", 0))
        self.port: int = self._listener.getsockname()[1]
        self.base_url = f"http{'s' if tls else ''}://127.0.0.1:{self.port}/v1"
        self._acceptor = threading.Thread(target=self._accept, daemon=True)
        self._acceptor.start()

    @property
    def connections(self) -> int:
        """How many connections were accepted."""
        return len(self._connections)

    def sockets(self) -> list[socket.socket]:
        """Return the accepted connections, in order."""
        return list(self._connections)

    def wait_for(self, number: int) -> None:
        """Wait until this many requests have arrived."""
        with self._arrived:
            assert self._arrived.wait_for(lambda: len(self.requests) >= number, WAIT_S)

    def pause_reading(self, until: threading.Event) -> None:
        """Read nothing from new connections until the event is set."""
        self._may_read = until

    def close(self) -> None:
        """Close all sockets; the last connection is accepted before that."""
        shut_down(self._listener)
        self._acceptor.join()
        for sock in self._connections:
            shut_down(sock)

    def _accept(self) -> None:
        while True:
            try:
                sock, _ = self._listener.accept()
            except OSError:
                return
            with contextlib.suppress(OSError):  # the client may have disconnected
                if self._context:
                    sock = self._context.wrap_socket(
                        sock, server_side=True, do_handshake_on_connect=False
                    )
                self._connections.append(sock)
                arguments = sock, len(self._connections)
                threading.Thread(
                    target=self._serve, args=arguments, daemon=True
                ).start()

    def _serve(self, sock: socket.socket, number: int) -> None:
        with contextlib.suppress(OSError, ValueError), sock:
            if isinstance(sock, ssl.SSLSocket):
                sock.do_handshake()
            with sock.makefile("rb") as lines:
                assert self._may_read.wait(WAIT_S)
                for request in read_requests(lines, number):
                    self._play(self._record(request), Peer(sock))

    def _record(self, request: Request) -> Script:
        with self._arrived:
            self.requests.append(request)
            self._arrived.notify_all()
            return self._scripts[min(len(self.requests), len(self._scripts)) - 1]

    def _play(self, script: Script, peer: Peer) -> None:
        if isinstance(script, bytes):
            peer.send(script)
        else:
            script(peer)


def shut_down(sock: socket.socket) -> None:
    """Close a socket, also for a thread that reads from it."""
    with contextlib.suppress(OSError):
        sock.shutdown(socket.SHUT_RDWR)
    sock.close()


def copy_bytes(source: socket.socket, target: socket.socket) -> None:
    with contextlib.suppress(OSError):
        while data := source.recv(65536):
            target.sendall(data)
    with contextlib.suppress(OSError):
        target.shutdown(socket.SHUT_RDWR)


def read_requests(lines: Iterable[bytes] | Any, number: int) -> Iterator[Request]:
    while line := lines.readline():
        headers: dict[str, str] = {}
        while (field := lines.readline().strip()) != b"":
            name, _, value = field.decode("latin-1").partition(":")
            headers[name.lower()] = value.strip()
        body = lines.read(int(headers.get("content-length", 0)))
        yield Request(number, line.decode().strip(), headers, body, monotonic())


class TLSSocket(ssl.SSLSocket):
    """Closes when it is freed, because a failed `wrap_socket` leaves it open."""

    def __del__(self) -> None:
        self.close()


def server_context() -> ssl.SSLContext:
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.sslsocket_class = TLSSocket
    context.load_cert_chain(CERTIFICATE)
    return context
