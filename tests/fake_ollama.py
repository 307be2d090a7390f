"""A small HTTP server that answers as Ollama does: models, chat, embeddings.

Its responses have the shapes that Ollama's API describes; names and numbers are
invented.
"""

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
HOLD = "hold"  # in a prompt: the stream stops after its first line
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
EMBEDDINGS = {
    "/api/embed": '{"model":"all-minilm","embeddings":[[0.6,-0.8]],'
    '"total_duration":14143917,"load_duration":1019500,"prompt_eval_count":2}',
    "/api/embeddings": '{"embedding":[0.30000001192092896,-0.4000000059604645]}',
    "/v1/embeddings": '{"object":"list","data":[{"object":"embedding",'
    '"embedding":[0.6,-0.8],"index":0}],"model":"all-minilm","usage":{"prompt_tokens":2,"total_tokens":2}}\n',
}
ONE_MODEL = '{"id":"llama3","object":"model","created":1,"owned_by":"library"}'
JSON, NDJSON = "application/json; charset=utf-8", "application/x-ndjson"


def make_tag(name: str) -> dict[str, Any]:
    return {
        "name": name,
        "model": name,
        "modified_at": "2026-07-30T12:00:00.123456789+02:00",
        "size": 4661224676,
        "digest": "6a07" * 16,
        "details": DETAILS,
    }


def make_process(name: str) -> dict[str, Any]:
    expires = {"expires_at": "2318-08-01T03:02:03.123456789+02:00"}
    loaded = {**expires, "size_vram": 5137025024, "context_length": 4096}
    named = {"name": name, "model": name, "size": 5137025024, "digest": "6a07" * 16}
    return {**named, "details": DETAILS, **loaded}


@dataclass
class Received:
    line: str
    headers: dict[str, str]
    body: bytes
    disconnected_at: float | None = None


@dataclass
class FakeOllama:
    """The models of the server, and the requests that it received."""

    url: str
    names: list[str] = field(default_factory=lambda: [CHAT, EMBEDDER])
    requests: list[Received] = field(default_factory=list)
    changed: threading.Condition = field(default_factory=threading.Condition)

    def wait_for_requests(self, path: str, at_least: int = 1) -> list[Received]:
        """Return the requests on a path once there are `at_least`."""

        def find() -> list[Received]:
            return [each for each in self.requests if each.line.split()[1] == path]

        with self.changed:
            assert self.changed.wait_for(lambda: len(find()) >= at_least, WAIT_S)
            return find()

    def wait_for_disconnect(self, received: Received) -> float:
        """Return the `time.time()` at which the client of that request disconnected."""
        with self.changed:
            assert self.changed.wait_for(lambda: received.disconnected_at, WAIT_S)
            assert received.disconnected_at
            return received.disconnected_at


class Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    server_version = "fake-ollama"
    disable_nagle_algorithm = True
    fake: FakeOllama

    def handle_request(self) -> None:
        body = b"".join(self.read_body())
        self.received = Received(self.requestline, dict(self.headers.items()), body)
        with self.fake.changed:
            self.fake.requests.append(self.received)
            self.fake.changed.notify_all()
        route = ROUTES.get(f"{self.command} {self.path}")
        with suppress(ConnectionError):
            if route:
                route(self)
            else:
                self.send_text("404 page not found", 404, "text/plain")

    do_GET = do_HEAD = do_POST = do_DELETE = handle_request

    def read_body(self) -> Iterator[bytes]:
        if self.headers.get("Transfer-Encoding") != "chunked":
            yield self.rfile.read(int(self.headers.get("Content-Length", 0)))
            return
        while size := int(self.rfile.readline(), 16):
            yield self.rfile.read(size)
            self.rfile.readline()
        self.rfile.readline()

    def send_text(self, text: str, status: int = 200, kind: str = JSON) -> None:
        self.send_response(status)
        if kind:
            self.send_header("Content-Type", kind)
        self.send_header("Content-Length", str(len(text.encode())))
        self.end_headers()
        if self.command != "HEAD":
            self.wfile.write(text.encode())

    def send_object(self, value: Any, status: int = 200) -> None:
        self.send_text(json.dumps(value), status)

    def send_stream(self, lines: list[str], kind: str = NDJSON) -> None:
        self.send_response(200)
        self.send_header("Content-Type", kind)
        self.send_header("Transfer-Encoding", "chunked")
        self.end_headers()
        for line in lines:
            data = f"{line}\n".encode()
            self.wfile.write(b"%x\r\n%b\r\n" % (len(data), data))
            if HOLD.encode() in self.received.body:
                self.wait_until_disconnected()
        self.wfile.write(b"0\r\n\r\n")

    def wait_until_disconnected(self) -> None:
        self.connection.settimeout(WAIT_S)
        with suppress(ConnectionError):
            assert self.connection.recv(1, socket.MSG_PEEK) == b""
        with self.fake.changed:
            self.received.disconnected_at = time.time()
            self.fake.changed.notify_all()
        raise ConnectionError

    def requested_model(self) -> str:
        if self.headers.get("Content-Encoding"):
            return CHAT
        document = json.loads(self.received.body)
        name = (document.get("model") or document.get("name")).strip().lower()
        return name if ":" in name else f"{name}:latest"

    def check_model(self) -> bool:
        """Return whether the model exists; send a 404 if it does not."""
        if self.requested_model() in self.fake.names:
            return True
        error = f"model '{self.requested_model()}' not found"
        self.send_object({"error": error}, 404)
        return False

    def send_tags(self) -> None:
        self.send_object({"models": [make_tag(name) for name in self.fake.names]})

    def send_processes(self) -> None:
        loaded = [make_process(name) for name in self.fake.names[:1]]
        self.send_object({"models": loaded})

    def send_models(self) -> None:
        fields = {"object": "model", "created": 1686935002, "owned_by": "library"}
        entries = [{"id": name, **fields} for name in self.fake.names]
        self.send_object({"object": "list", "data": entries})

    def chat(self) -> None:
        if self.check_model():
            if b'"hot"' in self.received.body:
                error = 'option "temperature" must be of type float32'
                self.send_object({"error": error}, 500)
            else:
                self.send_stream(CHAT_LINES)

    def complete(self) -> None:
        if self.check_model():
            self.send_stream(SSE_LINES, "text/event-stream")

    def show(self) -> None:
        if self.check_model():
            self.send_object({"details": DETAILS, "model_info": {}})

    def pull(self) -> None:
        self.fake.names.append(self.requested_model())
        self.send_stream(PULL_LINES)

    def delete(self) -> None:
        if self.check_model():
            self.fake.names.remove(self.requested_model())
            self.send_text("", kind="")

    def embed(self) -> None:
        if self.requested_model() in self.fake.names:
            self.send_text(EMBEDDINGS[self.path])
        else:
            name = json.loads(self.received.body)["model"]
            error = f'model "{name}" not found, try pulling it first'
            self.send_object({"error": error}, 404)

    def log_message(self, *args: Any) -> None:
        """Log nothing."""


DIGEST = "sha256:" + "0" * 64
ROUTES: dict[str, Callable[[Handler], None]] = {
    "GET /api/tags": Handler.send_tags,
    "GET /api/ps": Handler.send_processes,
    "GET /v1/models": Handler.send_models,
    "GET /v1/models/llama3": lambda handler: handler.send_text(ONE_MODEL),
    "POST /api/chat": Handler.chat,
    "POST /api/generate": Handler.chat,
    "POST /v1/chat/completions": Handler.complete,
    "POST /api/show": Handler.show,
    "POST /api/pull": Handler.pull,
    "POST /api/push": lambda handler: handler.send_stream(PUSH_LINES),
    "DELETE /api/delete": Handler.delete,
    f"POST /api/blobs/{DIGEST}": lambda handler: handler.send_text("", 201, kind=""),
    **{f"POST {path}": Handler.embed for path in EMBEDDINGS},
}


@contextmanager
def fake_ollama() -> Iterator[FakeOllama]:
    handler = type("Handler", (Handler,), {})
    server = ThreadingHTTPServer(("127.0.0.1", 0), handler)
    server.daemon_threads = True
    handler.fake = FakeOllama(f"http://127.0.0.1:{server.server_port}")
    thread = threading.Thread(target=server.serve_forever, args=(0.01,), daemon=True)
    thread.start()
    try:
        yield handler.fake
    finally:
        server.shutdown()
        server.server_close()
        thread.join()


@pytest.fixture
def ollama() -> Iterator[FakeOllama]:
    with fake_ollama() as server:
        yield server
