"""Send requests and raw bytes over connections that a test can close at any moment."""

import http.client
import json
import socket
from collections.abc import Mapping
from contextlib import suppress
from typing import Any
from urllib.parse import urlsplit

import requests

from tests.live_server import Server

CHAT = "/api/chat"
MODEL = "gpt-oss-120b"
TIMEOUT_S = 20.0


def connect(server: Server) -> http.client.HTTPConnection:
    return http.client.HTTPConnection(urlsplit(server.url).netloc, timeout=TIMEOUT_S)


def send_chat(
    server: Server,
    script: Mapping[str, Any] | str,
    path: str = CHAT,
    *,
    headers: Mapping[str, str] | None = None,
    **fields: Any,
) -> http.client.HTTPConnection:
    """Send a chat request, and return the connection without reading the response.

    `script` is a prompt, or tells the simulated Cerebras how to answer.
    """
    prompt = script if isinstance(script, str) else f"@fake {json.dumps(script)}"
    messages = [{"role": "user", "content": prompt}]
    body = {"model": MODEL, "messages": messages, **fields}
    connection = connect(server)
    connection.request("POST", path, json.dumps(body), headers or {})
    return connection


def post(server: Server, path: str, **body: Any) -> requests.Response:
    return requests.post(server.url + path, json=body, timeout=TIMEOUT_S)


def create_model(server: Server, name: str, system: str) -> requests.Response:
    body = {"model": name, "from": MODEL, "system": system, "stream": False}
    return post(server, "/api/create", **body)


def open_socket(server: Server, data: bytes = b"") -> socket.socket:
    """Connect to the server, and send the data."""
    address = urlsplit(server.url)
    client = socket.create_connection((address.hostname, address.port), TIMEOUT_S)
    client.sendall(data)
    return client


def read_to_end(client: socket.socket) -> bytes:
    """Return all that comes until the server closes the connection."""
    return b"".join(iter(lambda: client.recv(65536), b""))


def exchange(server: Server, data: bytes, *, end: bool = True) -> bytes:
    """Send the data, and its end, and return the whole reply."""
    try:
        with open_socket(server, data) as client:
            if end:
                with suppress(OSError):  # the server may have closed already
                    client.shutdown(socket.SHUT_WR)
            return read_to_end(client)
    except ConnectionError:
        return b""
