"""A small stand-in for a real Ollama: a real server, with models and embeddings.

Nothing here is a recording. The shapes of its answers are quoted from a description of
Ollama's API; names and numbers are made up.
"""

from __future__ import annotations

import json
import socket
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

import pytest

CHAT, EMBEDDER = "llama3:latest", "all-minilm:latest"
HOLD = "hold"  # a prompt with this word: the stream stops after a line, for good
WAIT_S = 10.0

DETAILS = {
    "parent_model": "",
    "format": "gguf",
    "family": "llama",
    "families": ["llama"],
    "parameter_size": "8.0B",
    "quantization_level": "Q4_0",
}
CHAT_LINES = [
    '{"model":"llama3","created_at":"2026-08-01T01:02:03.100000001Z","message":'
    '{"role":"assistant","content":"Hel"},"done":false}',
    '{"model":"llama3","created_at":"2026-08-01T01:02:03.2Z","message":'
    '{"role":"assistant","content":"lo"},"done":false}',
    '{"model":"llama3","created_at":"2026-08-01T01:02:03.3Z","message":'
    '{"role":"assistant","content":""},"done":true,"done_reason":"stop",'
    '"total_duration":812345678,"load_duration":1234567,"prompt_eval_count":11,'
    '"prompt_eval_duration":41000000,"eval_count":2,"eval_duration":95000000}',
]
SSE_LINES = [
    'data: {"id":"chatcmpl-1","object":"chat.completion.chunk","created":1,'
    '"model":"llama3","system_fingerprint":"fp_ollama","choices":[{"index":0,"delta":'
    '{"role":"assistant","content":"Hello"},"finish_reason":null}]}\n',
    "data: [DONE]\n",
]
PULL_LINES = [
    '{"status":"pulling manifest"}',
    '{"status":"pulling 6a0746a1ec1a","digest":"sha256:6a07","total":4661211808}',
    '{"status":"verifying sha256 digest"}',
    '{"status":"writing manifest"}',
    '{"status":"success"}',
]
PUSH_LINES = [
    '{"status":"retrieving manifest"}',
    '{"status":"pushing manifest"}',
    '{"status":"success"}',
]
EMBEDDED = {
    "embed": '{"model":"all-minilm","embeddings":[[0.6,-0.8]],'
    '"total_duration":14143917,"load_duration":1019500,"prompt_eval_count":2}',
    "embeddings": '{"embedding":[0.30000001192092896,-0.4000000059604645]}',
    "v1": '{"object":"list","data":[{"object":"embedding","embedding":[0.6,-0.8],'
    '"index":0}],"model":"all-minilm","usage":{"prompt_tokens":2,"total_tokens":2}}\n',
}
JSON, NDJSON = "application/json; charset=utf-8", "application/x-ndjson"


def tag(name: str) -> dict[str, Any]:
    return {
        "name": name,
        "model": name,
        "modified_at": "2026-07-30T12:00:00.123456789+02:00",
        "size": 4661224676,
        "digest": "6a07" * 16,
        "details": DETAILS,
    }


def process(name: str) -> dict[str, Any]:
    expires = {"expires_at": "2318-08-01T03:02:03.123456789+02:00"}
    loaded = {**expires, "size_vram": 5137025024, "context_length": 4096}
    named = {"name": name, "model": name, "size": 5137025024, "digest": "6a07" * 16}
    return {**named, "details": DETAILS, **loaded}


@dataclass
class Received:
    line: str
    headers: dict[str, str]
    body: bytes
    left_at: float | None = None


@dataclass
class StandIn:
    """What it has, and what it was asked."""

    url: str
    names: list[str] = field(default_factory=lambda: [CHAT, EMBEDDER])
    requests: list[Received] = field(default_factory=list)
    changed: threading.Condition = field(default_factory=threading.Condition)

    def asked(self, path: str, at_least: int = 1) -> list[Received]:
        """The requests on a path, awaited."""

        def found() -> list[Received]:
            return [each for each in self.requests if each.line.split()[1] == path]

        with self.changed:
            assert self.changed.wait_for(lambda: len(found()) >= at_least, WAIT_S)
            return found()

    def left(self, received: Received) -> float:
        """When that request's client left, by `time.time()`; awaited."""
        with self.changed:
            assert self.changed.wait_for(lambda: received.left_at, WAIT_S)
            assert received.left_at
            return received.left_at


class Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    server_version = "stand-in"
    disable_nagle_algorithm = True
    stand_in: StandIn

    def do_any(self) -> None:
        body = b"".join(self.body())
        self.received = Received(self.requestline, dict(self.headers.items()), body)
        with self.stand_in.changed:
            self.stand_in.requests.append(self.received)
            self.stand_in.changed.notify_all()
        route = ROUTES.get((self.command, self.path), Handler.not_found)
        with suppress(ConnectionError):
            route(self)

    do_GET = do_HEAD = do_POST = do_DELETE = do_any

    def body(self) -> Iterator[bytes]:
        if self.headers.get("Transfer-Encoding") != "chunked":
            yield self.rfile.read(int(self.headers.get("Content-Length", 0)))
            return
        while size := int(self.rfile.readline(), 16):
            yield self.rfile.read(size)
            self.rfile.readline()
        self.rfile.readline()

    def tell(self, text: str, status: int = 200, kind: str = JSON) -> None:
        self.send_response(status)
        if kind:
            self.send_header("Content-Type", kind)
        self.send_header("Content-Length", str(len(text.encode())))
        self.end_headers()
        if self.command != "HEAD":
            self.wfile.write(text.encode())

    def stream(self, lines: list[str], kind: str = NDJSON) -> None:
        self.send_response(200)
        self.send_header("Content-Type", kind)
        self.send_header("Transfer-Encoding", "chunked")
        self.end_headers()
        for line in lines:
            data = f"{line}\n".encode()
            self.wfile.write(b"%x\r\n%b\r\n" % (len(data), data))
            if HOLD.encode() in self.received.body:
                self.hold()
        self.wfile.write(b"0\r\n\r\n")

    def hold(self) -> None:
        """Until the client leaves."""
        self.connection.settimeout(WAIT_S)
        with suppress(ConnectionError):
            assert self.connection.recv(1, socket.MSG_PEEK) == b""
        with self.stand_in.changed:
            self.received.left_at = time.time()
            self.stand_in.changed.notify_all()
        raise ConnectionError

    def model(self) -> str:
        if self.headers.get("Content-Encoding"):
            return CHAT
        document = json.loads(self.received.body)
        name = (document.get("model") or document.get("name")).strip().lower()
        return name if ":" in name else f"{name}:latest"

    def known(self) -> bool:
        if self.model() in self.stand_in.names:
            return True
        self.tell(json.dumps({"error": f"model '{self.model()}' not found"}), 404)
        return False

    def tags(self) -> None:
        self.tell(json.dumps({"models": [tag(name) for name in self.stand_in.names]}))

    def ps(self) -> None:
        loaded = [process(name) for name in self.stand_in.names[:1]]
        self.tell(json.dumps({"models": loaded}))

    def models(self) -> None:
        entries = [
            {
                "id": name,
                "object": "model",
                "created": 1686935002,
                "owned_by": "library",
            }
            for name in self.stand_in.names
        ]
        self.tell(json.dumps({"object": "list", "data": entries}), 200, JSON)

    def one_model(self) -> None:
        self.tell('{"id":"llama3","object":"model","created":1,"owned_by":"library"}')

    def chat(self) -> None:
        if self.known():
            if b'"hot"' in self.received.body:
                told = 'option \\"temperature\\" must be of type float32'
                self.tell(f'{{"error":"{told}"}}', 500)
            else:
                self.stream(CHAT_LINES)

    def completions(self) -> None:
        if self.known():
            self.stream(SSE_LINES, "text/event-stream")

    def show(self) -> None:
        if self.known():
            self.tell(json.dumps({"details": DETAILS, "model_info": {}}))

    def pull(self) -> None:
        self.stand_in.names.append(self.model())
        self.stream(PULL_LINES)

    def push(self) -> None:
        self.stream(PUSH_LINES)

    def delete(self) -> None:
        if self.known():
            self.stand_in.names.remove(self.model())
            self.tell("", kind="")

    def embed(self) -> None:
        self.embedding("embed")

    def embeddings(self) -> None:
        self.embedding("embeddings")

    def embeddings_v1(self) -> None:
        self.embedding("v1")

    def embedding(self, kind: str) -> None:
        if self.model() in self.stand_in.names:
            self.tell(EMBEDDED[kind])
        else:
            name = json.loads(self.received.body)["model"]
            told = f'model "{name}" not found, try pulling it first'
            self.tell(json.dumps({"error": told}), 404)

    def upload(self) -> None:
        self.tell("", 201, kind="")

    def not_found(self) -> None:
        self.tell("404 page not found", 404, "text/plain")

    def log_message(self, *args: Any) -> None:
        pass


DIGEST = "sha256:" + "0" * 64
ROUTES: dict[tuple[str, str], Callable[[Handler], None]] = {
    ("GET", "/api/tags"): Handler.tags,
    ("GET", "/api/ps"): Handler.ps,
    ("GET", "/v1/models"): Handler.models,
    ("GET", "/v1/models/llama3"): Handler.one_model,
    ("POST", "/api/chat"): Handler.chat,
    ("POST", "/api/generate"): Handler.chat,
    ("POST", "/v1/chat/completions"): Handler.completions,
    ("POST", "/api/show"): Handler.show,
    ("POST", "/api/pull"): Handler.pull,
    ("POST", "/api/push"): Handler.push,
    ("DELETE", "/api/delete"): Handler.delete,
    ("POST", f"/api/blobs/{DIGEST}"): Handler.upload,
    ("POST", "/api/embed"): Handler.embed,
    ("POST", "/api/embeddings"): Handler.embeddings,
    ("POST", "/v1/embeddings"): Handler.embeddings_v1,
}


@contextmanager
def stand_in_ollama() -> Iterator[StandIn]:
    handler = type("Handler", (Handler,), {})
    server = ThreadingHTTPServer(("127.0.0.1", 0), handler)
    server.daemon_threads = True
    handler.stand_in = StandIn(f"http://127.0.0.1:{server.server_port}")
    thread = threading.Thread(target=server.serve_forever, args=(0.01,), daemon=True)
    thread.start()
    try:
        yield handler.stand_in
    finally:
        server.shutdown()
        server.server_close()
        thread.join()


@pytest.fixture
def ollama() -> Iterator[StandIn]:
    with stand_in_ollama() as running:
        yield running
