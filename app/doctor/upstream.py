"""The way to Cerebras, the keys, what is served, and the clocks at both ends."""

from __future__ import annotations

import time
from collections.abc import Iterator
from http import HTTPStatus
from urllib.parse import urlsplit

from app.catalogue.metadata import describe
from app.catalogue.models import index
from app.config import Config
from app.doctor.finding import Finding, failed, ok, warning
from app.errors import UpstreamError
from app.upstream import probe
from app.upstream.probe import Look
from app.wire import names

REFUSALS = (HTTPStatus.UNAUTHORIZED, HTTPStatus.FORBIDDEN)
SLIGHT_S, GRAVE_S = 30, 300  # off by so much, a clock is noticed, or does harm


def check_upstream(config: Config) -> Iterator[Finding]:
    """All that needs an answer; nothing is asked for that would cost anything."""
    looks: list[Look] = []
    keys = config.cerebras_api_keys
    if not keys:
        yield failed(
            "key",
            "CEREBRAS_API_KEY is not set. Get a key at https://cloud.cerebras.ai and "
            "put CEREBRAS_API_KEY=... into .env.",
        )
    try:
        for key in keys or (None,):
            looks.append(
                probe.look(config.cerebras_base_url, key, config.connect_timeout_s)
            )
    except UpstreamError as error:
        yield unreachable(config.cerebras_base_url, error)
        return
    yield ok("network", f"{config.cerebras_base_url} answers{way_to(config)}.")
    for number, found in enumerate(looks if keys else (), 1):
        yield check_key(found, f"Key {number} of {len(keys)}")
    yield from check_models(config, [each for each in looks if each.ids])
    yield check_clock(looks[0].date_s, time.time())


def unreachable(base_url: str, error: UpstreamError) -> Finding:
    proxy = probe.proxy_of(base_url)
    if proxy:
        todo = f"It goes by the proxy {proxy} (HTTPS_PROXY): look whether that works."
    elif not probe.is_resolved(base_url):
        host = urlsplit(base_url).hostname
        todo = (
            f"The name {host} has no address here: look at the DNS of this machine, "
            "and at CEREBRAS_BASE_URL."
        )
    elif "certificate" in error.message.lower():
        todo = (
            "Look at this machine's clock; if a company's proxy opens TLS, set "
            "REQUESTS_CA_BUNDLE to the file of its certificates."
        )
    else:
        todo = (
            "Look for a firewall in between; if the way out is a proxy, set "
            "HTTPS_PROXY; and look at CEREBRAS_BASE_URL."
        )
    return failed("network", f"{base_url}: {error.message}. {todo}")


def way_to(config: Config) -> str:
    proxy = probe.proxy_of(config.cerebras_base_url)
    return f", by the proxy {proxy}" if proxy else ""


def check_key(found: Look, which: str) -> Finding:
    if found.status == HTTPStatus.OK:
        return ok("key", f"{which} is accepted.")
    if found.status in REFUSALS:
        return failed(
            "key",
            f"{which} is refused (status {found.status}). Copy it again from "
            "https://cloud.cerebras.ai into CEREBRAS_API_KEY.",
        )
    if found.status == HTTPStatus.PAYMENT_REQUIRED:
        return failed("key", f"{which} has no credit left. Look at its billing.")
    return warning(
        "key",
        f"{which} could not be tried: Cerebras answered with status {found.status}. "
        "Try again later.",
    )


def check_models(config: Config, looks: list[Look]) -> Iterator[Finding]:
    """One key may be served other models than another."""
    ids = sorted({one for found in looks for one in found.ids})
    if not ids:
        return
    served = ", ".join(ids)
    yield ok("models", f"Cerebras serves {served}.")
    known = index([describe(one) for one in ids])
    for variable, name in wanted(config):
        if names.parse(name).key in known:
            yield ok("models", f"{variable} is {name}, which is served.")
        else:
            yield failed(
                "models",
                f"{variable} is {name}, which is not served. Set it to one of: "
                f"{served}.",
            )


def wanted(config: Config) -> Iterator[tuple[str, str]]:
    """The models that settings name."""
    if config.cai_model:
        yield "CAI_MODEL", config.cai_model


def check_clock(theirs_s: float | None, ours_s: float) -> Finding:
    if theirs_s is None:
        return warning("clock", "Cannot be compared: the upstream tells no time.")
    off_s = round(ours_s - theirs_s)
    if abs(off_s) < SLIGHT_S:
        return ok("clock", "As the upstream's.")
    finding = failed if abs(off_s) >= GRAVE_S else warning
    direction = "ahead of" if off_s > 0 else "behind"
    return finding(
        "clock",
        f"It is {abs(off_s)} s {direction} the upstream's: TLS and the times in the "
        "log depend on it. Let the machine set it (timedatectl set-ntp true).",
    )
