"""CPUs under a container's quota, read from files laid out as the kernel lays them."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from app import cpus

ALL = len(os.sched_getaffinity(0))


@pytest.mark.parametrize(
    ("cpu_max", "expected"),
    [
        ("max 100000\n", ALL),
        ("100000 100000\n", 1),
        ("50000 100000\n", 1),
        ("150000 100000\n", min(2, ALL)),
        ("99999900000 100000\n", ALL),
        ("nonsense\n", ALL),
    ],
)
def test_a_quota_of_cgroup_v2_counts(
    tmp_path: Path, cpu_max: str, expected: int
) -> None:
    (tmp_path / "cpu.max").write_text(cpu_max)

    assert cpus.usable(tmp_path) == expected


@pytest.mark.parametrize(("quota", "expected"), [("-1", ALL), ("100000", 1)])
def test_a_quota_of_cgroup_v1_counts(tmp_path: Path, quota: str, expected: int) -> None:
    (tmp_path / "cpu").mkdir()
    (tmp_path / "cpu/cpu.cfs_quota_us").write_text(quota)
    (tmp_path / "cpu/cpu.cfs_period_us").write_text("100000")

    assert cpus.usable(tmp_path) == expected


def test_without_cgroups_the_affinity_counts(tmp_path: Path) -> None:
    assert cpus.usable(tmp_path) == ALL
