"""Checks of the connection to Cerebras, the keys, the models and the clock."""

import time
from collections.abc import Iterator
from http import HTTPStatus
from urllib.parse import urlsplit

from app.catalogue.metadata import describe
from app.catalogue.models import index
from app.config import Config
from app.doctor import Finding, failed, ok, warning
from app.errors import UpstreamError
from app.upstream import probe
from app.upstream.probe import ProbeResult
from app.wire import names

REFUSALS = (HTTPStatus.UNAUTHORIZED, HTTPStatus.FORBIDDEN)
CLOCK_WARNING_S, CLOCK_FAILURE_S = 30, 300


def check_upstream(config: Config) -> Iterator[Finding]:
    """Yield all checks that send requests, which cost no tokens."""
    keys = config.cerebras_api_keys
    if not keys:
        yield failed(
            "key",
            "CEREBRAS_API_KEY is not set. Get a key at https://cloud.cerebras.ai and "
            "put CEREBRAS_API_KEY=... into .env.",
        )
    base_url, timeout_s = config.cerebras_base_url, config.connect_timeout_s
    try:
        results = [
            probe.request_models(base_url, key, timeout_s) for key in keys or (None,)
        ]
    except UpstreamError as error:
        yield unreachable(base_url, error)
        return
    proxy = probe.proxy_of(base_url)
    yield ok("network", f"{base_url} answers{f' through {proxy}' if proxy else ''}.")
    for number, result in enumerate(results if keys else (), 1):
        yield check_key(result, f"Key {number} of {len(keys)}")
    ids = sorted({model_id for result in results for model_id in result.ids})
    if ids:
        yield from check_models(config, ids)
    yield check_clock(results[0].date_s, time.time())


def unreachable(base_url: str, error: UpstreamError) -> Finding:
    """Return a failure with advice that depends on the most likely cause."""
    proxy = probe.proxy_of(base_url)
    if proxy:
        advice = f"Requests go through the proxy {proxy} (HTTPS_PROXY): check it."
    elif not probe.has_address(base_url):
        host = urlsplit(base_url).hostname
        advice = (
            f"Cannot resolve {host}: check this machine's DNS and CEREBRAS_BASE_URL."
        )
    elif "certificate" in error.message.lower():
        advice = (
            "Check this machine's clock. If a proxy of your company decrypts TLS, set "
            "REQUESTS_CA_BUNDLE to the file with its certificates."
        )
    else:
        advice = (
            "Check for a firewall. If this network needs a proxy, set HTTPS_PROXY. "
            "Check CEREBRAS_BASE_URL."
        )
    return failed("network", f"{base_url}: {error.message}. {advice}")


def check_key(result: ProbeResult, name: str) -> Finding:
    """Check that a key, called `name` in the text, was accepted."""
    if result.status == HTTPStatus.OK:
        return ok("key", f"{name} is accepted.")
    if result.status in REFUSALS:
        return failed(
            "key",
            f"{name} is refused (status {result.status}). Copy it again from "
            "https://cloud.cerebras.ai into CEREBRAS_API_KEY.",
        )
    if result.status == HTTPStatus.PAYMENT_REQUIRED:
        return failed("key", f"{name} has no credit left. Check its billing.")
    return warning(
        "key",
        f"{name} could not be checked: Cerebras answered with status {result.status}. "
        "Try again later.",
    )


def check_models(config: Config, ids: list[str]) -> Iterator[Finding]:
    """List the models that any key can use, and check that CAI_MODEL is one of them."""
    served = ", ".join(ids)
    yield ok("models", f"Cerebras serves {served}.")
    name = config.cai_model
    if not name:
        return
    if names.parse(name).key in index([describe(model_id) for model_id in ids]):
        yield ok("models", f"CAI_MODEL is {name}, which is served.")
    else:
        yield failed(
            "models",
            f"CAI_MODEL is {name}, which is not served. Set it to one of: {served}.",
        )


def check_clock(upstream_s: float | None, local_s: float) -> Finding:
    """Compare this machine's clock with the upstream's, in seconds since 1970."""
    if upstream_s is None:
        return warning("clock", "Cannot be checked: the upstream sends no Date header.")
    ahead_s = round(local_s - upstream_s)
    if abs(ahead_s) < CLOCK_WARNING_S:
        return ok("clock", "In sync with the upstream.")
    finding = failed if abs(ahead_s) >= CLOCK_FAILURE_S else warning
    direction = "ahead of" if ahead_s > 0 else "behind"
    return finding(
        "clock",
        f"{abs(ahead_s)} s {direction} the upstream's. TLS and the times in the log "
        "depend on it. Let the machine set its clock (timedatectl set-ntp true).",
    )
