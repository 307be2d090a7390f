"""How gunicorn serves Cerellama. HUP runs this file again, in the same process."""

from gevent import monkey

monkey.patch_all()

from pathlib import Path

from dotenv import load_dotenv

load_dotenv(Path(__file__).with_name(".env"))

import atexit
import contextlib
import gc
import logging
import os
import resource
import shutil
import signal
import sys
import tempfile

# Once per server, not again at HUP: the folder all workers share. What they count goes
# there, which prometheus_client has to know before `app` imports it.
if "app" not in sys.modules:
    instance = Path(tempfile.mkdtemp(prefix="cerellama-"))
    atexit.register(shutil.rmtree, instance, ignore_errors=True)
    (instance / "metrics").mkdir()
    os.environ["CERELLAMA_INSTANCE_DIR"] = str(instance)
    os.environ["PROMETHEUS_MULTIPROC_DIR"] = str(instance / "metrics")

from gunicorn.arbiter import Arbiter
from gunicorn.workers.base import Worker

from app import cpus, greeting, metric_files
from app.config import from_env
from app.listen import is_free, listen_addresses
from app.server import drain, support
from app.settings import Address
from app.web import logs

MOST_WORKERS = 4
# Connections that wait for no upstream: health checks, model lists, idle keep-alives.
SPARE_CONNECTIONS = 1024

settings = from_env(os.environ)

# Decided once: at HUP our own port would look taken.
if not os.environ.get("CERELLAMA_BIND"):
    addresses = listen_addresses(settings, is_free)
    os.environ["CERELLAMA_BIND"] = ",".join(str(address) for address in addresses)

bind = os.environ["CERELLAMA_BIND"].split(",")
worker_class = support.worker_class()
workers = settings.web_concurrency or min(MOST_WORKERS, cpus.usable())
worker_connections = (
    settings.max_upstream_requests + settings.ollama_max_queue + SPARE_CONNECTIONS
)
keepalive = 75  # above the 60 s of nginx, so that nginx closes first
graceful_timeout = settings.grace_s
loglevel = settings.log_level
control_socket_disable = True
metrics_folder = Path(os.environ["PROMETHEUS_MULTIPROC_DIR"])
logconfig_dict = logs.GUNICORN if settings.log_format == "json" else {}
forwarder_headers = ""  # no client says where our paths begin

with contextlib.suppress(ValueError, OSError):
    hard = resource.getrlimit(resource.RLIMIT_NOFILE)[1]
    resource.setrlimit(resource.RLIMIT_NOFILE, (hard, hard))


def when_ready(server: Arbiter) -> None:
    bound = [Address(*listener.getsockname()[:2]) for listener in server.LISTENERS]
    for line in greeting.lines(settings, bound):
        print(line, flush=True)
    for warning in greeting.warnings(settings, bound):
        logging.getLogger("gunicorn.error").warning(warning)


def post_fork(server: Arbiter, worker: Worker) -> None:
    """The folder is the arbiter's to remove, a part of it the worker's to write to."""
    atexit.unregister(shutil.rmtree)
    try:
        metric_files.reserve(metrics_folder, os.getpid())
    except OSError as error:
        worker.log.error("There is no room for what is counted: %s", error)


def on_reload(server: Arbiter) -> None:
    for worker in server.WORKERS.values():
        drain.mark_replaced(worker)


def post_worker_init(worker: Worker) -> None:
    """Ctrl-C reaches all of the group: a worker leaves once, told by the arbiter."""
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    gc.freeze()  # no collection need go through what stays


def worker_exit(server: Arbiter, worker: Worker) -> None:
    """Python's end would search all there is for garbage: ten times the time."""
    gc.freeze()


def child_exit(server: Arbiter, worker: Worker) -> None:
    metric_files.bury(metrics_folder, int(worker.pid))


def on_exit(server: Arbiter) -> None:
    gc.freeze()
