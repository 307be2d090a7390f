"""The files of metrics, written and read with prometheus_client."""

import os
import subprocess
import sys
from collections.abc import Mapping
from pathlib import Path

from prometheus_client import CollectorRegistry, generate_latest
from prometheus_client.mmap_dict import MmapedDict, mmap_key
from prometheus_client.multiprocess import MultiProcessCollector

from app.server.metric_files import (
    HEADER_BYTES,
    INITIAL_BYTES,
    preallocate,
    retire_worker,
)
from tests.metric_samples import sum_samples

PID = 4711


def count(path: Path, amounts: Mapping[str, float]) -> None:
    """Increase counters as a worker does."""
    values = MmapedDict(str(path))
    for name, amount in amounts.items():
        key = mmap_key(name, f"{name}_total", (), (), "")
        values.write_value(key, values.read_value(key)[0] + amount, 0.0)
    values.close()


def total(folder: Path) -> float:
    registry = CollectorRegistry()
    MultiProcessCollector(registry, str(folder))
    return sum_samples(generate_latest(registry).decode(), "seen_total")


def test_files_have_disk_blocks_before_a_worker_writes(tmp_path: Path) -> None:
    preallocate(tmp_path / "new", PID)

    files = list((tmp_path / "new").iterdir())
    assert len(files) == 4
    assert all(file.stat().st_blocks * 512 >= INITIAL_BYTES for file in files)
    assert total(tmp_path / "new") == 0


def test_prometheus_client_uses_files_of_these_names(tmp_path: Path) -> None:
    program = (
        "from prometheus_client import Counter, Gauge, Histogram\n"
        "Counter('a', 'a').inc(); Histogram('b', 'b').observe(1)\n"
        "Gauge('c', 'c', multiprocess_mode='livesum').inc()\n"
        "Gauge('d', 'd', multiprocess_mode='livemax').inc()\n"
        "import os; print(os.getpid())"
    )
    environ = {**os.environ, "PROMETHEUS_MULTIPROC_DIR": str(tmp_path)}
    command = [sys.executable, "-c", program]
    done = subprocess.run(command, env=environ, capture_output=True, check=True)
    pid = int(done.stdout)
    written = {file.name for file in tmp_path.iterdir()}

    preallocate(tmp_path / "new", pid)

    assert {file.name for file in (tmp_path / "new").iterdir()} == written


def test_counters_of_a_dead_worker_stay_in_smaller_files(tmp_path: Path) -> None:
    preallocate(tmp_path, PID)
    count(tmp_path / f"counter_{PID}.db", {"seen": 3})

    retire_worker(tmp_path, PID)

    sizes = {file.name: file.stat().st_size for file in tmp_path.iterdir()}
    assert set(sizes) == {f"counter_{PID}.db", f"histogram_{PID}.db"}
    assert sizes[f"histogram_{PID}.db"] == HEADER_BYTES
    assert sizes[f"counter_{PID}.db"] < 200
    assert total(tmp_path) == 3


def test_worker_with_the_pid_of_a_dead_one_adds_to_its_counters(tmp_path: Path) -> None:
    preallocate(tmp_path, PID)
    count(tmp_path / f"counter_{PID}.db", {"seen": 3})
    retire_worker(tmp_path, PID)

    preallocate(tmp_path, PID)
    count(tmp_path / f"counter_{PID}.db", {"seen": 1, "heard": 1})

    assert total(tmp_path) == 4


def test_folder_removed_by_a_cleaner_is_created_again(tmp_path: Path) -> None:
    retire_worker(tmp_path / "gone", PID)
    preallocate(tmp_path / "gone", PID)

    assert total(tmp_path / "gone") == 0
