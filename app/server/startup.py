"""The greeting, the warnings and the CPU count, for gunicorn.conf.py."""

import math
import os
from collections.abc import Sequence
from pathlib import Path

from app.config import Config
from app.http.access import is_loopback
from app.server.addresses import reachable
from app.settings import Address

EXAMPLE_MODEL = "gpt-oss-120b"
CGROUPS = Path("/sys/fs/cgroup")


def greeting(config: Config, addresses: Sequence[Address]) -> list[str]:
    """Return lines with the server's addresses and a command to try it."""
    local = [reachable(address) for address in addresses]
    urls = " and ".join(f"http://{address}" for address in local)
    model = config.cai_model or EXAMPLE_MODEL
    return [
        f"Cerellama listens at {urls}",
        f"Try it: OLLAMA_HOST={local[0]} ollama run {model}",
    ]


def warnings(config: Config, addresses: Sequence[Address]) -> list[str]:
    """Return warnings: about a server that anyone can use, and about a missing key."""
    lines = []
    exposed = [str(each) for each in addresses if not is_loopback(each.host)]
    if exposed and not config.access_tokens:
        lines.append(
            f"ANYONE WHO REACHES {' OR '.join(exposed)} SPENDS YOUR CEREBRAS CREDIT: "
            "set ACCESS_TOKENS, or listen on 127.0.0.1 only."
        )
    if not config.cerebras_api_keys:
        lines.append(
            "CEREBRAS_API_KEY is not set: every chat is answered 503 "
            "until you put the key into .env and start again."
        )
    return lines


def usable_cpus(cgroups: Path = CGROUPS) -> int:
    """Return the number of CPUs this process may use, at least 1.

    It is the size of the affinity mask, or less if a container's CPU quota is smaller.
    """
    affinity = getattr(os, "sched_getaffinity", None)  # macOS has none
    cpus = len(affinity(0)) if affinity else os.cpu_count() or 1
    quota = _cpu_quota(cgroups)
    return cpus if quota is None else max(1, min(cpus, math.ceil(quota)))


def _cpu_quota(cgroups: Path) -> float | None:
    """Return a container's quota in CPUs: one file in cgroup v2, two in v1."""
    try:
        if (cgroups / "cpu.max").exists():
            quota, period = (cgroups / "cpu.max").read_text().split()
        else:
            quota = (cgroups / "cpu/cpu.cfs_quota_us").read_text()
            period = (cgroups / "cpu/cpu.cfs_period_us").read_text()
        cpus = int(quota) / int(period)  # without a quota: "max", or -1
    except (OSError, ValueError, ZeroDivisionError):
        return None
    return cpus if cpus > 0 else None
