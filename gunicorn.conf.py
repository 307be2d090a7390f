"""Settings and hooks of gunicorn. At HUP the arbiter runs this file again."""

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

# Make the folder that all workers share, at the first run only. prometheus_client reads
# PROMETHEUS_MULTIPROC_DIR when it is imported, so this precedes the imports of `app`.
if "app" not in sys.modules:
    instance = Path(tempfile.mkdtemp(prefix="cerellama-"))
    atexit.register(shutil.rmtree, instance, ignore_errors=True)
    (instance / "metrics").mkdir()
    os.environ["CERELLAMA_INSTANCE_DIR"] = str(instance)
    os.environ["PROMETHEUS_MULTIPROC_DIR"] = str(instance / "metrics")

from gunicorn.arbiter import Arbiter
from gunicorn.workers.base import Worker

from app.config import from_env
from app.http import logs
from app.server import drain, metric_files, startup
from app.server.addresses import is_free, listen_addresses
from app.settings import Address

MAX_DEFAULT_WORKERS = 4
# For connections that hold no slot: health checks, model lists, idle keep-alives.
SPARE_CONNECTIONS = 1024

settings = from_env(os.environ)

# Choose the addresses at the first run only: at HUP the server's own port is not free.
if not os.environ.get("CERELLAMA_BIND"):
    addresses = listen_addresses(settings, is_free)
    os.environ["CERELLAMA_BIND"] = ",".join(str(address) for address in addresses)

bind = os.environ["CERELLAMA_BIND"].split(",")
worker_class = "app.server.worker.Worker"
workers = settings.web_concurrency or min(MAX_DEFAULT_WORKERS, startup.usable_cpus())
worker_connections = (
    settings.max_upstream_requests + settings.ollama_max_queue + SPARE_CONNECTIONS
)
keepalive = 75  # longer than the 60 s of nginx, so that nginx closes first
graceful_timeout = settings.grace_s
loglevel = settings.log_level
control_socket_disable = True
metrics_folder = Path(os.environ["PROMETHEUS_MULTIPROC_DIR"])
logconfig_dict = logs.GUNICORN_JSON_LOGGING if settings.log_format == "json" else {}
forwarder_headers = ""  # otherwise a client could set SCRIPT_NAME and PATH_INFO

with contextlib.suppress(ValueError, OSError):
    hard = resource.getrlimit(resource.RLIMIT_NOFILE)[1]
    resource.setrlimit(resource.RLIMIT_NOFILE, (hard, hard))


def when_ready(server: Arbiter) -> None:
    """Print the greeting and log the warnings."""
    bound = [Address(*listener.getsockname()[:2]) for listener in server.LISTENERS]
    for line in startup.greeting(settings, bound):
        print(line, flush=True)
    for warning in startup.warnings(settings, bound):
        logging.getLogger("gunicorn.error").warning(warning)


def post_fork(server: Arbiter, worker: Worker) -> None:
    """Create the worker's metric files; only the arbiter removes the shared folder."""
    atexit.unregister(shutil.rmtree)
    try:
        metric_files.preallocate(metrics_folder, os.getpid())
    except OSError as error:
        worker.log.error("cannot create the files for metrics: %s", error)


def on_reload(server: Arbiter) -> None:
    """Count the reload, by which workers notice that they are replaced."""
    drain.note_reload()


def post_worker_init(worker: Worker) -> None:
    """Leave Ctrl-C, which the terminal sends to all processes, to the arbiter."""
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    gc.freeze()  # keeps what was imported out of each garbage collection


def worker_exit(server: Arbiter, worker: Worker) -> None:
    """Skip the last garbage collection, which takes most of the time of an exit."""
    gc.freeze()


def child_exit(server: Arbiter, worker: Worker) -> None:
    """Clean up the metric files of a dead worker."""
    metric_files.retire_worker(metrics_folder, int(worker.pid))


def on_exit(server: Arbiter) -> None:
    gc.freeze()
