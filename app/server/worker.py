"""The gunicorn worker: gevent's, with time limits for clients and a staged shutdown.

gunicorn parses the requests and makes the WSGI environ. This package replaces how its
gevent worker reads from clients (client.py), sends (response.py), accepts
(listener.py) and stops (drain.py); gunicorn has no setting for any of these. With TLS
(`--certfile`) gunicorn's own worker serves.

It relies on parts of gunicorn that its documentation does not describe:

* `GeventWorker`: `__init__()`, `run()`, `handle_exit()`, `notify()`, `alive`, `nr`,
  `max_requests`, `sockets`, `worker_connections`, `wsgi`, `cfg`, `log`;
* the parser: `http.message.Request(cfg, unreader, address, number)` with `version`,
  `headers` and `body.failed`, and the exceptions in `http.errors`.

tests/server/test_worker.py serves connections with them.
"""

from collections.abc import Iterable
from datetime import datetime
from functools import partial
from types import FrameType
from typing import Any

from gevent.event import Event
from gevent.socket import socket
from gunicorn.config import Config
from gunicorn.http import errors, wsgi
from gunicorn.http.message import Request
from gunicorn.workers.ggevent import GeventWorker

from app.inference.services import EXTENSION, Services
from app.server.client import Client
from app.server.drain import drain, reload_count
from app.server.listener import Listener
from app.server.refusal import CLIENT_ERRORS, MissingHost, linger, refuse
from app.server.response import Response

HEARTBEAT_S = 1.0
DISCARD_BYTES = 1 << 20  # gunicorn copies what it holds on each read: few large reads


class Worker(GeventWorker):
    """Serves connections until gunicorn stops it, then drains."""

    wsgi: Any  # the Flask app
    send_timeout_s: float

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        """Make a worker; gunicorn does so in the arbiter, before the fork."""
        super().__init__(*args, **kwargs)
        self.clients: set[Client] = set()
        self._reloads_at_start = reload_count()
        self._stop_requested = Event()

    def run(self) -> None:
        """Serve until the worker is stopped; gunicorn calls this after the fork."""
        if self.cfg.is_ssl:
            super().run()
            return
        services: Services = self.wsgi.extensions[EXTENSION]
        self.send_timeout_s = services.upstream.idle_timeout_s
        listeners = [self.listen(sock) for sock in self.sockets]
        while self.alive:
            self.notify()
            self._stop_requested.wait(HEARTBEAT_S)
        replaced = reload_count() != self._reloads_at_start
        drain(self, listeners, services.running, replaced=replaced)

    def handle_exit(self, sig: int, frame: FrameType | None) -> None:
        """Stop at TERM: gunicorn's signal handler."""
        super().handle_exit(sig, frame)
        self._stop_requested.set()

    def listen(self, sock: socket) -> Listener:
        """Start to accept and serve the connections of a listening socket."""
        # The address is needed after the listener has been closed, too.
        serve = partial(self.serve, sock.getsockname())
        shared = self.cfg.workers > 1
        return Listener(sock, serve, self.worker_connections, shared=shared)

    def serve(self, listener_address: Any, sock: socket, address: Any) -> None:
        """Serve a connection until it ends."""
        client = Client(sock, self.cfg.keepalive)
        self.clients.add(client)
        try:
            self._serve_requests(client, listener_address, address)
        except TimeoutError:  # the client neither sends nor reads any more
            client.reset()
        except OSError as error:
            self.log.debug("a connection broke: %s", error)
        finally:
            self.clients.discard(client)
            sock.close()

    def _serve_requests(
        self, client: Client, listener_address: Any, address: Any
    ) -> None:
        """Serve one request after the other."""
        while client.wait_for_request():
            request = parse_head(client, self.cfg, address)
            if request is None:
                return
            try:
                keep_alive = self._respond(request, client, listener_address, address)
            except OSError:
                raise
            except Exception as error:
                refuse(client.sock, error)
                return
            client.start_discard()
            if not discard_body(request.body):
                linger(client.sock)
                return
            if not keep_alive:
                return

    def _respond(
        self, request: Any, client: Client, listener_address: Any, address: Any
    ) -> bool:
        """Send the app's response; return whether another request may follow."""
        start = datetime.now()
        response, environ = wsgi.create(
            *(request, client.sock, address, listener_address, self.cfg),
            response_class=Response,
            response_args=(self,),
        )
        environ["wsgi.multithread"] = True
        self._count_request()
        try:
            send_body(self.wsgi(environ, response.start_response), response)
        finally:
            self.log.access(response, request, environ, datetime.now() - start)
        return not response.closes_connection

    def _count_request(self) -> None:
        self.nr += 1
        if self.nr >= self.max_requests:
            self.alive = False
            self._stop_requested.set()


def parse_head(client: Client, cfg: Config, address: Any) -> Any:
    """Return the next request; refuse it and return None if it is malformed."""
    try:
        request: Any = Request(cfg, client, address, client.requests)
        has_host = any(name == "HOST" for name, _ in request.headers)
        if request.version >= (1, 1) and not has_host:
            raise MissingHost
    except CLIENT_ERRORS as error:
        refuse(client.sock, error)
        return None
    client.start_body()
    return request


def discard_body(body: Any) -> bool:
    """Read the rest of a request's body; return False if its end cannot be found."""
    try:
        while not body.failed and body.read(DISCARD_BYTES):
            pass
    except errors.ParseException:
        return False
    return not body.failed


def send_body(pieces: Iterable[bytes], response: Any) -> None:
    """Send the pieces of a body that the app returned, and close them."""
    try:
        for piece in pieces:
            response.write(piece)
        response.close()
    finally:
        if hasattr(pieces, "close"):
            pieces.close()
