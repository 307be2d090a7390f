"""Is gunicorn what this package was written for? If not, its own worker serves."""

from __future__ import annotations

import logging

from app import insides
from app.insides import Needed

log = logging.getLogger("gunicorn.error")

OURS = "app.server.worker.Worker"
GUNICORNS = "gevent"

NEEDED: Needed = {
    "gunicorn.http.wsgi:base_environ": {"cfg"},
    "gunicorn.http.wsgi:create": {"req", "sock", "client", "server", "cfg"},
    "gunicorn.http.wsgi:Response._emit_body": {"data"},
    "gunicorn.http.wsgi:Response.default_headers": set(),
    "gunicorn.http.wsgi:Response.send_headers": set(),
    "gunicorn.http.wsgi:Response.should_close": set(),
    "gunicorn.http.message:Request.parse": {"unreader"},
    "gunicorn.http.message:Request.set_body_reader": set(),
    "gunicorn.http.unreader:Unreader.unread": {"data"},
    "gunicorn.http.unreader:SocketUnreader.chunk": {"size_hint"},
    "gunicorn.http.unreader:Unreader.take_buffered": set(),
    "gunicorn.http.body:Body.read": {"size"},
    "gunicorn.util:close_graceful": {"timeout"},
    "gunicorn.workers.workertmp:WorkerTmp.fileno": set(),
    "gevent.server:StreamServer.do_read": set(),
    "gevent.server:StreamServer.do_handle": {"args"},
    "gevent.server:StreamServer.stop_accepting": set(),
}


def worker_class(needed: Needed = NEEDED) -> str:
    """Which worker gunicorn shall use."""
    missing = insides.missing(needed)
    if not missing:
        return OURS
    log.warning(
        "%s changed: gunicorn's own worker serves, without the time limits of "
        "docs/deployment.md; install the versions of requirements.txt",
        ", ".join(missing),
    )
    return GUNICORNS
