"""Run a real Chromium on a page that sends a request and reports the outcome."""

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
REPORT_TIMEOUT_S = 30.0
HOST_RULES = (  # all other host names do not resolve
    f"MAP {FOREIGN} 127.0.0.1",
    "MAP * ~NOTFOUND",
    "EXCLUDE 127.0.0.1",
    "EXCLUDE localhost",
)
OPTIONS = (
    "--headless=new",
    "--no-sandbox",  # the sandbox refuses to run as root
    "--no-first-run",
    "--no-proxy-server",
    "--disable-gpu",
    "--disable-dev-shm-usage",  # it is small in containers
    "--disable-background-networking",
    f"--host-resolver-rules={','.join(HOST_RULES)}",
)

Object = dict[str, Any]


class PageServer(ThreadingHTTPServer):
    """Serves the page and the request it is to send, and receives its reports."""

    daemon_threads = True

    def __init__(self, request: Mapping[str, Any]) -> None:
        super().__init__(("127.0.0.1", 0), Handler)
        self.request_to_send = json.dumps(request).encode()
        self.reports: queue.Queue[Object] = queue.Queue()


class Handler(BaseHTTPRequestHandler):
    server: PageServer

    def do_GET(self) -> None:
        is_request = self.path == "/request"
        self._reply(self.server.request_to_send if is_request else PAGE, "text/html")

    def do_POST(self) -> None:
        report = self.rfile.read(int(self.headers["Content-Length"]))
        self._reply(b"", "text/plain")
        self.server.reports.put(json.loads(report))

    def _reply(self, body: bytes, kind: str) -> None:
        self.send_response(200)
        self.send_header("Content-Type", kind)
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, format: str, *args: Any) -> None:
        """Log nothing."""


class Page:
    """The page in the browser."""

    def __init__(self, server: PageServer, browser: Running) -> None:
        self._server = server
        self._browser = browser

    def next_report(self) -> Object:
        """Wait for the next report of the page, and return it."""
        try:
            return self._server.reports.get(timeout=REPORT_TIMEOUT_S)
        except queue.Empty:
            output = self._browser.output
            raise AssertionError(f"no report of the page:\n{output}") from None


@contextlib.contextmanager
def open_page(
    chromium: str, host: str, request: Mapping[str, Any], profile: Path
) -> Iterator[Page]:
    """Open the page under the host name `host`; it sends the request at once."""
    with PageServer(request) as server:
        threading.Thread(target=server.serve_forever, daemon=True).start()
        url = f"http://{host}:{server.server_port}/"
        command = [chromium, *OPTIONS, f"--user-data-dir={profile}", url]
        browser = Running(command, {}, profile)
        try:
            yield Page(server, browser)
        finally:
            browser.end()
            server.shutdown()
