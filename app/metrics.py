"""Every Prometheus object of ours; layers above record into them, once per request.

Labels are bounded: a model is told by the upstream's id, never by the name as sent.
Values of a gauge are a worker's own; over the workers they are added up. Workers share
what they counted by files in PROMETHEUS_MULTIPROC_DIR, which `prometheus_client` looks
up when it is first imported; without it all stays in the process.
"""

from __future__ import annotations

from collections.abc import Callable

from prometheus_client import (
    REGISTRY,
    CollectorRegistry,
    Counter,
    Gauge,
    Histogram,
    values,
)
from prometheus_client.multiprocess import MultiProcessCollector

FIRST_BYTE_S = (0.05, 0.1, 0.2, 0.3, 0.5, 0.75, 1, 1.5, 2, 3, 5, 10, 20, 60, 120)
TOKENS_PER_S = (50, 100, 200, 400, 600, 800, 1000, 1500, 2000, 3000, 4000, 6000)
WAIT_S = (0.01, 0.1, 0.5, 1, 2, 5, 10, 20, 60)

REQUESTS = Counter(
    "cerellama_requests",
    "Requests answered, by how they ended.",
    ("route", "model", "outcome"),
)
TOKENS = Counter(
    "cerellama_tokens",
    "Tokens that the upstream counted.",
    ("model", "direction"),  # in, out
)
FIRST_BYTE = Histogram(
    "cerellama_first_byte_seconds",
    "From a request's arrival to the first byte of its answer.",
    ("model",),
    buckets=FIRST_BYTE_S,
)
TOKEN_RATE = Histogram(
    "cerellama_tokens_per_second",
    "Completion tokens a second of one answer, by the upstream's clock if it tells.",
    ("model",),
    buckets=TOKENS_PER_S,
)
UPSTREAM_ANSWERS = Counter(
    "cerellama_upstream_answers",
    "What Cerebras answered: a status, or lost for a broken connection.",
    ("status",),
)
RETRIES = Counter(
    "cerellama_retries",
    "Attempts that were repeated, by what the failed one met.",
    ("status",),
)
WAITS = Histogram(
    "cerellama_wait_seconds",
    "How long requests waited: for a slot, for quota, before a retry.",
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
    "Requests that are upstream.",
    multiprocess_mode="livesum",
)
KEYS = Gauge(
    "cerellama_keys",
    "Keys by state, as each worker sees them.",
    ("state",),  # ready, resting, refused
    multiprocess_mode="livemax",
)


def adder(counted: Counter | Gauge) -> Callable[[float], None]:
    """Adds to what one set of labels has come to.

    As `inc`, which asks each time whether there is one value, and in which mode; where
    prometheus_client has no such value any more, that is the way.
    """
    value = getattr(counted, "_value", None)
    add: Callable[[float], None] = getattr(value, "inc", counted.inc)
    return add


def registry() -> CollectorRegistry:
    """What all workers have counted, those that are gone included."""
    if values.ValueClass is values.MutexValue:
        return REGISTRY
    shared = CollectorRegistry()
    MultiProcessCollector(shared)  # type: ignore[no-untyped-call]  # it has no types
    return shared
