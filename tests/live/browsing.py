"""A real Chromium, and the server of the page that it looks at."""

from __future__ import annotations

import contextlib
import json
import queue
import threading
from collections.abc import Iterator, Mapping
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

from tests.processes import Running

PAGE = (Path(__file__).parent / "page.html").read_bytes()
FOREIGN = "foreign.example"
TOLD_WITHIN_S = 30.0
NAMES = (  # whatever else a browser looks for, it finds nowhere
    f"MAP {FOREIGN} 127.0.0.1",
    "MAP * ~NOTFOUND",
    "EXCLUDE 127.0.0.1",
    "EXCLUDE localhost",
)
OPTIONS = (
    "--headless=new",
    "--no-sandbox",  # it refuses to run as root with one
    "--no-first-run",
    "--no-proxy-server",
    "--disable-gpu",
    "--disable-dev-shm-usage",  # containers have little of it
    "--disable-background-networking",
    f"--host-resolver-rules={','.join(NAMES)}",
)

Object = dict[str, Any]


class PageServer(ThreadingHTTPServer):
    """Serves the page, tells it what to ask, and hears what became of it."""

    daemon_threads = True

    def __init__(self, wish: Mapping[str, Any]) -> None:
        super().__init__(("127.0.0.1", 0), Handler)
        self.wish = json.dumps(wish).encode()
        self.told: queue.Queue[Object] = queue.Queue()


class Handler(BaseHTTPRequestHandler):
    server: PageServer

    def do_GET(self) -> None:
        is_wish = self.path == "/wish"
        self._answer(self.server.wish if is_wish else PAGE, "text/html")

    def do_POST(self) -> None:
        told = self.rfile.read(int(self.headers["Content-Length"]))
        self._answer(b"", "text/plain")
        self.server.told.put(json.loads(told))

    def _answer(self, body: bytes, kind: str) -> None:
        self.send_response(200)
        self.send_header("Content-Type", kind)
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, format: str, *args: Any) -> None:
        """Nobody reads it."""


class Page:
    """A page that is open."""

    def __init__(self, server: PageServer, browser: Running) -> None:
        self._server = server
        self._browser = browser

    def next(self) -> Object:
        """What it tells next."""
        try:
            return self._server.told.get(timeout=TOLD_WITHIN_S)
        except queue.Empty:
            said = self._browser.output
            raise AssertionError(f"the page tells nothing:\n{said}") from None


@contextlib.contextmanager
def looking_at(
    chromium: str, host: str, wish: Mapping[str, Any], profile: Path
) -> Iterator[Page]:
    """A page of that host, which asks at once."""
    with PageServer(wish) as server:
        threading.Thread(target=server.serve_forever, daemon=True).start()
        url = f"http://{host}:{server.server_port}/"
        command = [chromium, *OPTIONS, f"--user-data-dir={profile}", url]
        browser = Running(command, {}, profile)
        try:
            yield Page(server, browser)
        finally:
            browser.end()
            server.shutdown()
