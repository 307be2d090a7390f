"""Is gunicorn what this package was written for? If not, its own worker serves."""

from __future__ import annotations

import inspect
import logging
import pkgutil
from collections.abc import Mapping

log = logging.getLogger("gunicorn.error")

OURS = "app.server.worker.Worker"
GUNICORNS = "gevent"

# Not promised by anybody, each with the parameters that we rely on.
NEEDED: dict[str, set[str]] = {
    "gunicorn.http.wsgi:create": {"response_class", "response_args"},
    "gunicorn.http.wsgi:Response._emit_body": {"data"},
    "gunicorn.http.wsgi:Response.default_headers": set(),
    "gunicorn.http.wsgi:Response.send_headers": set(),
    "gunicorn.http.wsgi:Response.should_close": set(),
    "gunicorn.http.unreader:SocketUnreader.chunk": {"size_hint"},
    "gunicorn.http.unreader:Unreader.take_buffered": set(),
    "gunicorn.http.body:Body.read": {"size"},
    "gunicorn.util:close_graceful": {"timeout"},
    "gunicorn.workers.workertmp:WorkerTmp.fileno": set(),
    "gevent.server:StreamServer.do_read": set(),
    "gevent.server:StreamServer.do_handle": {"args"},
    "gevent.server:StreamServer.stop_accepting": set(),
}


def worker_class(needed: Mapping[str, set[str]] = NEEDED) -> str:
    """Which worker gunicorn shall use."""
    missing = [name for name, names in needed.items() if not is_there(name, names)]
    if not missing:
        return OURS
    log.warning(
        "%s changed: gunicorn's own worker serves, without the time limits of "
        "docs/deployment.md; install the versions of requirements.txt",
        ", ".join(missing),
    )
    return GUNICORNS


def is_there(name: str, parameters: set[str]) -> bool:
    try:
        found = pkgutil.resolve_name(name)
    except (ImportError, AttributeError):
        return False
    return parameters <= set(inspect.signature(found).parameters)
