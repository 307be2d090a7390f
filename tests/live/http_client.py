"""Send chat requests over connections that a test can close at any moment."""

from __future__ import annotations

import http.client
import json
from collections.abc import Mapping
from typing import Any
from urllib.parse import urlsplit

from tests.live_server import Server

CHAT = "/api/chat"
MODEL = "gpt-oss-120b"


def connect(server: Server) -> http.client.HTTPConnection:
    return http.client.HTTPConnection(urlsplit(server.url).netloc, timeout=20)


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
