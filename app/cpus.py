"""How many CPUs this process may really use."""

from __future__ import annotations

import math
import os
from pathlib import Path

CGROUPS = Path("/sys/fs/cgroup")


def usable(cgroups: Path = CGROUPS) -> int:
    """The CPUs of the affinity mask, or fewer where a container's quota says so."""
    allowed = _affinity()
    quota = _quota(cgroups)
    return allowed if quota is None else max(1, min(allowed, math.ceil(quota)))


def _affinity() -> int:
    if hasattr(os, "sched_getaffinity"):
        return len(os.sched_getaffinity(0))
    return os.cpu_count() or 1


def _quota(cgroups: Path) -> float | None:
    """CPUs' worth of time per period: cgroup v2 in one file, v1 in two."""
    try:
        if (cgroups / "cpu.max").exists():
            quota, period = (cgroups / "cpu.max").read_text().split()
        else:
            quota = (cgroups / "cpu/cpu.cfs_quota_us").read_text()
            period = (cgroups / "cpu/cpu.cfs_period_us").read_text()
        share = int(quota) / int(period)  # "max" and -1: no quota
    except (OSError, ValueError, ZeroDivisionError):
        return None
    return share if share > 0 else None
