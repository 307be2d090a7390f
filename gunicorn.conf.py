"""How gunicorn serves Cerellama. HUP runs this file again, in the same process."""

from gevent import monkey

monkey.patch_all()

from pathlib import Path

from dotenv import load_dotenv

load_dotenv(Path(__file__).with_name(".env"))

import contextlib
import logging
import os
import resource
import shutil
import signal
import tempfile

from gunicorn.arbiter import Arbiter
from gunicorn.workers.base import Worker

from app import cpus, greeting
from app.config import from_env
from app.listen import is_free, listen_addresses
from app.settings import Address

MOST_WORKERS = 4
# Connections that wait for no upstream: health checks, model lists, idle keep-alives.
SPARE_CONNECTIONS = 1024

settings = from_env(os.environ)

# Decided once: at HUP our own port would look taken.
if not os.environ.get("CERELLAMA_BIND"):
    addresses = listen_addresses(settings, is_free)
    os.environ["CERELLAMA_BIND"] = ",".join(str(address) for address in addresses)

bind = os.environ["CERELLAMA_BIND"].split(",")
worker_class = "gevent"
workers = settings.web_concurrency or min(MOST_WORKERS, cpus.usable())
worker_connections = (
    settings.max_upstream_requests + settings.ollama_max_queue + SPARE_CONNECTIONS
)
keepalive = 75  # above the 60 s of nginx, so that nginx closes first
graceful_timeout = settings.grace_s
loglevel = settings.log_level
control_socket_disable = True

with contextlib.suppress(ValueError, OSError):
    hard = resource.getrlimit(resource.RLIMIT_NOFILE)[1]
    resource.setrlimit(resource.RLIMIT_NOFILE, (hard, hard))


def when_ready(server: Arbiter) -> None:
    os.environ["CERELLAMA_INSTANCE_DIR"] = tempfile.mkdtemp(prefix="cerellama-")
    bound = [Address(*listener.getsockname()[:2]) for listener in server.LISTENERS]
    for line in greeting.lines(settings, bound):
        print(line, flush=True)
    for warning in greeting.warnings(settings, bound):
        logging.getLogger("gunicorn.error").warning(warning)


def post_worker_init(worker: Worker) -> None:
    """Ctrl-C reaches all of the group: a worker leaves once, told by the arbiter."""
    signal.signal(signal.SIGINT, signal.SIG_IGN)


def on_exit(server: Arbiter) -> None:
    shutil.rmtree(os.environ.get("CERELLAMA_INSTANCE_DIR", ""), ignore_errors=True)
