"""gunicorn's gevent worker, with time limits, fewer sends, and an end in stages.

TLS and whatever else gunicorn can do beside plain HTTP/1 is left to gunicorn's own.
"""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime
from functools import partial
from types import FrameType
from typing import Any

from gevent.event import Event
from gevent.pool import Pool
from gevent.server import StreamServer
from gevent.socket import socket
from gunicorn import util
from gunicorn.config import Config
from gunicorn.http import errors
from gunicorn.workers.ggevent import GeventWorker

from app.server.client import Client
from app.server.drain import drain
from app.server.environ import build, constants
from app.server.refusal import REFUSED, NoHost, refuse
from app.server.request import Request
from app.server.response import Response
from app.services import services

HEARTBEAT_S = 1.0
PIECE = 1 << 20  # in small ones gunicorn copies what it holds again and again


class Worker(GeventWorker):
    wsgi: Any  # our app
    silence_s: float

    def run(self) -> None:
        if self.cfg.is_ssl:
            super().run()
            return
        settle(self.cfg)
        with self.wsgi.app_context():
            ours = services()
        self.silence_s = ours.upstream.idle_timeout_s
        self._always = constants(self.cfg)
        self.clients: set[Client] = set()
        self._told = Event()
        servers = [self._listen(sock) for sock in self.sockets]
        while self.alive:
            self.notify()
            self._told.wait(HEARTBEAT_S)
        drain(self, servers, ours.running)

    def handle_exit(self, sig: int, frame: FrameType | None) -> None:
        super().handle_exit(sig, frame)
        if hasattr(self, "_told"):
            self._told.set()

    def serve(self, listener_name: Any, client: socket, addr: Any) -> None:
        """A connection from its begin to its end."""
        known = Client(client, self.cfg.keepalive)
        self.clients.add(known)
        try:
            self._converse(known, listener_name, addr)
        except TimeoutError:  # it sends or takes nothing any more
            known.drop()
        except OSError as error:
            self.log.debug("a connection broke: %s", error)
        finally:
            self.clients.discard(known)
            util.close(client)

    def handle_request(
        self, listener_name: Any, req: Any, sock: socket, addr: Any
    ) -> bool:
        """Answer; whether another request may follow."""
        begun = datetime.now()
        response = Response(req, sock, self.cfg, self)
        environ = build(req, sock, addr, listener_name, self.cfg, self._always)
        self._count()
        try:
            send(self.wsgi(environ, response.start_response), response)
        finally:
            self.log.access(response, req, environ, datetime.now() - begun)
        return not response.closes

    def _listen(self, sock: socket) -> StreamServer:
        sock.setblocking(True)
        pool = Pool(self.worker_connections)
        # Asked now: the listener may be closed before its last connection is served.
        serve = partial(self.serve, sock.getsockname())
        server = StreamServer(sock, handle=serve, spawn=pool)
        if self.cfg.workers > 1:
            server.max_accept = 1
        server.start()
        return server

    def _converse(self, client: Client, server: Any, addr: Any) -> None:
        """One request after the other."""
        while client.begins():
            request = receive(client, self.cfg, addr)
            if request is None:
                return
            stays = self._answer(server, request, client, addr)
            client.send_rest()
            if not finish(request.body):
                util.close_graceful(client.sock)
                return
            if not stays:
                return

    def _answer(self, server: Any, request: Any, client: Client, addr: Any) -> bool:
        try:
            return self.handle_request(server, request, client.sock, addr)
        except OSError:
            raise
        except Exception as error:
            refuse(client.sock, error)
            return False

    def _count(self) -> None:
        self.nr += 1
        if self.nr >= self.max_requests:
            self.alive = False
            self._told.set()


def settle(cfg: Config) -> None:
    """Make plain attributes of the settings: gunicorn looks each up, 25 a request."""
    vars(cfg).update({name: setting.get() for name, setting in cfg.settings.items()})


def receive(client: Client, cfg: Config, addr: Any) -> Any:
    """The next request's head; None if it is none."""
    try:
        request: Any = Request(cfg, client, addr, client.requests)
        if request.version >= (1, 1) and "HOST" not in dict(request.headers):
            raise NoHost
    except REFUSED as error:
        refuse(client.sock, error)
        return None
    client.send_body()
    return request


def finish(body: Any) -> bool:
    """Read what is left of a body; False when nobody knows where it ends."""
    try:
        while not body.failed and body.read(PIECE):
            pass
    except errors.ParseException:
        return False
    return not body.failed


def send(items: Iterable[bytes], response: Any) -> None:
    try:
        for item in items:
            response.write(item)
        response.close()
    finally:
        if hasattr(items, "close"):
            items.close()
