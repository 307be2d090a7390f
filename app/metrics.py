"""Define the Prometheus metrics, and the registry that `/metrics` shows.

Other modules record into them, once per request. The values of labels are bounded: a
model appears under its Cerebras id, never under the name that the client sent.

Under gunicorn the workers share their values in files in PROMETHEUS_MULTIPROC_DIR,
which prometheus_client reads when it is imported. Without it all values stay in the
process.
"""

import os

from prometheus_client import (
    REGISTRY,
    CollectorRegistry,
    Counter,
    Gauge,
    Histogram,
)
from prometheus_client.multiprocess import MultiProcessCollector

FIRST_BYTE_S = (0.05, 0.1, 0.2, 0.3, 0.5, 0.75, 1, 1.5, 2, 3, 5, 10, 20, 60, 120)
TOKENS_PER_S = (50, 100, 200, 400, 600, 800, 1000, 1500, 2000, 3000, 4000, 6000)
WAIT_S = (0.01, 0.1, 0.5, 1, 2, 5, 10, 20, 60)

REQUESTS = Counter(
    "cerellama_requests",
    "Requests by route, model and outcome.",
    ("route", "model", "outcome"),
)
TOKENS = Counter(
    "cerellama_tokens",
    "Tokens as counted by Cerebras.",
    ("model", "direction"),  # in, out
)
FIRST_BYTE = Histogram(
    "cerellama_first_byte_seconds",
    "Time from a request's arrival to the first byte of its reply.",
    ("model",),
    buckets=FIRST_BYTE_S,
)
TOKEN_RATE = Histogram(
    "cerellama_tokens_per_second",
    "Completion tokens per second of a reply, by Cerebras' clock if it reports times.",
    ("model",),
    buckets=TOKENS_PER_S,
)
UPSTREAM_ANSWERS = Counter(
    "cerellama_upstream_answers",
    "Replies of Cerebras by status; `lost` is a broken connection.",
    ("status",),
)
RETRIES = Counter(
    "cerellama_retries",
    "Repeated attempts, by the status of the attempt that failed.",
    ("status",),
)
WAITS = Histogram(
    "cerellama_wait_seconds",
    "Time that requests waited for a slot, for quota, or before a retry.",
    ("reason",),  # slot, quota, retry
    buckets=WAIT_S,
)
QUEUED = Gauge(
    "cerellama_queued_requests",
    "Requests that wait for a slot.",
    multiprocess_mode="livesum",
)
ACTIVE = Gauge(
    "cerellama_active_requests",
    "Requests that hold a slot.",
    multiprocess_mode="livesum",
)
KEYS = Gauge(
    "cerellama_keys",
    "API keys by state; the highest number that any worker reports.",
    ("state",),  # ready, resting, refused
    multiprocess_mode="livemax",
)


def registry() -> CollectorRegistry:
    """Return the metrics of this process, or of all workers, including dead ones."""
    if "PROMETHEUS_MULTIPROC_DIR" not in os.environ:
        return REGISTRY
    shared = CollectorRegistry()
    MultiProcessCollector(shared)  # type: ignore[no-untyped-call]  # it has no types
    return shared
