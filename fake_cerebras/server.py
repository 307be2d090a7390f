"""The server: a greenlet for each connection, told apart only by the path's start."""

from __future__ import annotations

import sys
from http.server import ThreadingHTTPServer
from typing import Any

from fake_cerebras import api, control
from fake_cerebras.connection import Connection
from fake_cerebras.state import State


class Server(ThreadingHTTPServer):
    request_queue_size = 1024  # many clients may come at once
    daemon_threads = True

    def __init__(self, address: tuple[str, int], state: State) -> None:
        class Bound(Connection):
            def serve(self) -> None:
                own = self.path.startswith(control.PREFIX)
                (control if own else api).serve(self, state)

        super().__init__(address, Bound)

    @property
    def url(self) -> str:
        host, port = self.server_address[:2]
        return f"http://{host!s}:{port}"

    def handle_error(self, request: Any, client_address: Any) -> None:
        """A client that leaves is no error; all else is shown."""
        if not isinstance(sys.exception(), ConnectionError):
            super().handle_error(request, client_address)
