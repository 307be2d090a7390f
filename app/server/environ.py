"""gunicorn's environ of a request, put together at once if nothing in it is odd."""

from __future__ import annotations

import os
import sys
from typing import Any

from gunicorn.config import Config
from gunicorn.http import wsgi

BARE = {"CONTENT-TYPE": "CONTENT_TYPE", "CONTENT-LENGTH": "CONTENT_LENGTH"}
OURS = {"wsgi.errors": sys.stderr, "wsgi.multithread": True}


def constants(cfg: Config) -> dict[str, Any]:
    """What is told of every request to a worker."""
    below = os.environ.get("SCRIPT_NAME", "")
    return {**wsgi.base_environ(cfg), **OURS, "SCRIPT_NAME": below}


def build(
    request: Any, sock: Any, peer: Any, server: Any, cfg: Config, always: dict[str, Any]
) -> dict[str, Any]:
    """Sockets of Unix and what `Request` calls odd are left to gunicorn."""
    has_ports = isinstance(peer, tuple) and isinstance(server, tuple)
    if not request.is_usual or not has_ports or always["SCRIPT_NAME"]:
        _, told = wsgi.create(request, sock, peer, server, cfg)
        del told["wsgi.early_hints"]  # to a response that is not ours
        return {**told, **OURS}
    return {
        **always,
        **{key(name): value for name, value in request.headers},
        "wsgi.input": request.body,
        "wsgi.url_scheme": request.scheme,
        "gunicorn.socket": sock,
        "REQUEST_METHOD": request.method,
        "RAW_URI": request.uri,
        "PATH_INFO": request.path,
        "QUERY_STRING": "",
        "SERVER_PROTOCOL": "HTTP/1.1",
        "SERVER_NAME": server[0],
        "SERVER_PORT": str(server[1]),
        "REMOTE_ADDR": peer[0],
        "REMOTE_PORT": str(peer[1]),
    }


def key(name: str) -> str:
    """Under which a field stands."""
    return BARE.get(name) or "HTTP_" + name.replace("-", "_")
