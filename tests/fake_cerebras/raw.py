"""Raw HTTP to the stand-in upstream: http.client, or a socket and nothing else."""

from __future__ import annotations

import contextlib
import http.client
import json
import socket
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any
from urllib.parse import urlsplit

from tests.cerebras import Fake

CHAT = "/v1/chat/completions"
COMPLETIONS = "/v1/completions"
TIMEOUT_S = 5.0
AGENT = {"user-agent": "raw/1.0"}
KEY = {"authorization": "Bearer csk-simulated"}


@dataclass(frozen=True)
class Answer:
    status: int
    headers: Mapping[str, str]  # lower-case names
    body: bytes

    @property
    def json(self) -> Any:
        return json.loads(self.body)

    @property
    def message(self) -> dict[str, Any]:
        message: dict[str, Any] = self.json["choices"][0]["message"]
        return message

    @property
    def data(self) -> list[str]:
        """What the events of a stream carry."""
        blocks = self.body.decode().replace("\r\n", "\n").split("\n\n")
        lines = (line for block in blocks for line in block.split("\n"))
        return [line[5:].lstrip() for line in lines if line.startswith("data:")]

    @property
    def chunks(self) -> list[Any]:
        return [json.loads(each) for each in self.data if each != "[DONE]"]

    @property
    def deltas(self) -> list[Any]:
        return [each["choices"][0]["delta"] for each in self.chunks if each["choices"]]

    def said(self, key: str = "content") -> str:
        return "".join(delta.get(key, "") for delta in self.deltas)


def first(fake: Fake) -> int:
    """The id of the first request, once it has come."""
    record_id: int = fake.requests(at_least=1)[0]["id"]
    return record_id


def user(words: str, model: Any = "gpt-oss-120b", **more: Any) -> dict[str, Any]:
    """A chat request with one message."""
    messages = [{"role": "user", "content": words}]
    return {"model": model, "messages": messages, **more}


def connect(fake: Fake) -> http.client.HTTPConnection:
    return http.client.HTTPConnection(urlsplit(fake.url).netloc, timeout=TIMEOUT_S)


def ask(
    connection: http.client.HTTPConnection,
    path: str,
    *,
    method: str = "GET",
    body: bytes | None = None,
    headers: Mapping[str, str] = {**AGENT, **KEY},
) -> Answer:
    connection.request(method, path, body, dict(headers))
    response = connection.getresponse()
    names = {name.lower(): value for name, value in response.getheaders()}
    return Answer(response.status, names, response.read())


def get(fake: Fake, path: str, headers: Mapping[str, str] = {**AGENT, **KEY}) -> Answer:
    with contextlib.closing(connect(fake)) as connection:
        return ask(connection, path, headers=headers)


def post(
    fake: Fake,
    body: Any,
    path: str = CHAT,
    headers: Mapping[str, str] = {**AGENT, **KEY},
) -> Answer:
    data = body if isinstance(body, bytes) else json.dumps(body).encode()
    with contextlib.closing(connect(fake)) as connection:
        return ask(connection, path, method="POST", body=data, headers=headers)


def play(fake: Fake, script: Mapping[str, Any], **more: Any) -> Answer:
    """A streamed answer to a user who wrote this script."""
    return post(fake, user(f"@fake {json.dumps(script)}", stream=True, **more))


@contextlib.contextmanager
def sending(fake: Fake, body: Any, path: str = CHAT) -> Iterator[socket.socket]:
    """A socket on which a request was sent and nothing was read yet."""
    address = urlsplit(fake.url)
    with socket.create_connection((address.hostname, address.port), TIMEOUT_S) as sock:
        sock.sendall(request(body, path))
        yield sock


def request(body: Any, path: str = CHAT) -> bytes:
    data = json.dumps(body).encode()
    lines = [
        f"POST {path} HTTP/1.1",
        "host: raw",
        *(f"{name}: {value}" for name, value in {**AGENT, **KEY}.items()),
        f"content-length: {len(data)}",
    ]
    return "\r\n".join(lines).encode() + b"\r\n\r\n" + data


def read_until(sock: socket.socket, mark: bytes) -> bytes:
    """What comes, up to the read that brings `mark`."""
    data = b""
    while mark not in data:
        more = sock.recv(65536)
        assert more, f"the connection ended after {data!r}"
        data += more
    return data


def read_all(sock: socket.socket) -> bytes:
    return b"".join(reads(sock))


def reads(sock: socket.socket) -> Sequence[bytes]:
    """What each read brought, to the end of the connection."""
    return list(iter(lambda: sock.recv(65536), b""))
