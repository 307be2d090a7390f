"""Send raw HTTP requests to fake_cerebras, with http.client or over a socket."""

import contextlib
import http.client
import json
import socket
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any
from urllib.parse import urlsplit

from tests.cerebras import OTHER_KEY, Fake

GPT = "gpt-oss-120b"
QWEN = "qwen-3.8-27b"
CHAT = "/v1/chat/completions"
COMPLETIONS = "/v1/completions"
TIMEOUT_S = 5.0
AGENT = {"user-agent": "raw/1.0"}
KEY = {"authorization": "Bearer csk-simulated"}
HEADERS = {**AGENT, **KEY}
OTHER = {**AGENT, "authorization": f"Bearer {OTHER_KEY}"}  # the second key


@dataclass(frozen=True)
class Response:
    status: int
    headers: Mapping[str, str]  # lower-case names
    body: bytes

    @property
    def json(self) -> Any:
        return json.loads(self.body)

    @property
    def choice(self) -> dict[str, Any]:
        choice: dict[str, Any] = self.json["choices"][0]
        return choice

    @property
    def message(self) -> dict[str, Any]:
        message: dict[str, Any] = self.choice["message"]
        return message

    @property
    def data(self) -> list[str]:
        """The data of each event."""
        lines = self.body.decode().replace("\r\n", "\n").split("\n")
        return [line[5:].lstrip() for line in lines if line.startswith("data:")]

    @property
    def chunks(self) -> list[Any]:
        return [json.loads(each) for each in self.data if each != "[DONE]"]

    @property
    def deltas(self) -> list[Any]:
        return [each["choices"][0]["delta"] for each in self.chunks if each["choices"]]

    def streamed(self, key: str = "content") -> str:
        return "".join(delta.get(key, "") for delta in self.deltas)


def chat_body(text: str, model: Any = GPT, **fields: Any) -> dict[str, Any]:
    messages = [{"role": "user", "content": text}]
    return {"model": model, "messages": messages, **fields}


def conversation(*messages: Mapping[str, Any], model: str = GPT) -> dict[str, Any]:
    return {"model": model, "messages": list(messages)}


def scripted_body(script: Mapping[str, Any], **fields: Any) -> dict[str, Any]:
    """Return a chat request whose message holds the script."""
    return chat_body(f"@fake {json.dumps(script)}", **fields)


def connect(fake: Fake) -> http.client.HTTPConnection:
    return http.client.HTTPConnection(urlsplit(fake.url).netloc, timeout=TIMEOUT_S)


def send(
    connection: http.client.HTTPConnection,
    path: str,
    *,
    method: str = "GET",
    body: bytes | None = None,
    headers: Mapping[str, str] = HEADERS,
) -> Response:
    connection.request(method, path, body, dict(headers))
    response = connection.getresponse()
    names = {name.lower(): value for name, value in response.getheaders()}
    return Response(response.status, names, response.read())


def get(fake: Fake, path: str, headers: Mapping[str, str] = HEADERS) -> Response:
    with contextlib.closing(connect(fake)) as connection:
        return send(connection, path, headers=headers)


def post(
    fake: Fake, body: Any, path: str = CHAT, headers: Mapping[str, str] = HEADERS
) -> Response:
    data = body if isinstance(body, bytes) else json.dumps(body).encode()
    with contextlib.closing(connect(fake)) as connection:
        return send(connection, path, method="POST", body=data, headers=headers)


def post_script(fake: Fake, script: Mapping[str, Any], **fields: Any) -> Response:
    return post(fake, scripted_body(script, **fields))


def stream_script(fake: Fake, script: Mapping[str, Any], **fields: Any) -> Response:
    return post(fake, scripted_body(script, stream=True, **fields))


@contextlib.contextmanager
def open_request(fake: Fake, body: Any) -> Iterator[socket.socket]:
    """Yield a socket on which a chat request was sent."""
    url = urlsplit(fake.url)
    with socket.create_connection((url.hostname, url.port), TIMEOUT_S) as sock:
        sock.sendall(request_bytes(body))
        yield sock


@contextlib.contextmanager
def open_script(
    fake: Fake, script: Mapping[str, Any], *, stream: bool = True
) -> Iterator[socket.socket]:
    with open_request(fake, scripted_body(script, stream=stream)) as sock:
        yield sock


def request_bytes(body: Any) -> bytes:
    data = json.dumps(body).encode()
    lines = [
        f"POST {CHAT} HTTP/1.1",
        "host: raw",
        *(f"{name}: {value}" for name, value in HEADERS.items()),
        f"content-length: {len(data)}",
    ]
    return "\r\n".join(lines).encode() + b"\r\n\r\n" + data


def read_until(sock: socket.socket, mark: bytes) -> bytes:
    """Read until `mark` has come; what the same read brought after it is included."""
    data = b""
    while mark not in data:
        part = sock.recv(65536)
        assert part, f"the connection ended after {data!r}"
        data += part
    return data


def read_parts(sock: socket.socket) -> list[bytes]:
    """Return what each read brought, to the end of the connection."""
    return list(iter(lambda: sock.recv(65536), b""))


def read_all(sock: socket.socket) -> bytes:
    return b"".join(read_parts(sock))


def first_record_id(fake: Fake) -> int:
    """Return the id of the first request, once it was received."""
    record_id: int = fake.requests(at_least=1)[0]["id"]
    return record_id
