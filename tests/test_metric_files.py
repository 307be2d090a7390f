"""The files in which workers share what they count."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path

from prometheus_client import CollectorRegistry, generate_latest
from prometheus_client.mmap_dict import MmapedDict, mmap_key
from prometheus_client.multiprocess import MultiProcessCollector

from app.metric_files import HEAD, SIZE, bury, reserve
from tests.measured import measured

PID = 4711


def count(path: Path, amounts: Mapping[str, float]) -> None:
    """As a worker does."""
    values = MmapedDict(str(path))
    for name, amount in amounts.items():
        key = mmap_key(name, f"{name}_total", (), (), "")
        values.write_value(key, values.read_value(key)[0] + amount, 0.0)
    values.close()


def total(folder: Path) -> float:
    registry = CollectorRegistry()
    MultiProcessCollector(registry, str(folder))
    return measured(generate_latest(registry).decode(), "seen_total")


def test_the_room_a_worker_needs_is_there_before_it_writes(tmp_path: Path) -> None:
    reserve(tmp_path / "new", PID)

    files = list((tmp_path / "new").iterdir())
    assert len(files) == 4
    assert all(file.stat().st_blocks * 512 >= SIZE for file in files)
    assert total(tmp_path / "new") == 0


def test_what_the_dead_counted_stays_and_takes_no_more_room(tmp_path: Path) -> None:
    reserve(tmp_path, PID)
    count(tmp_path / f"counter_{PID}.db", {"seen": 3})

    bury(tmp_path, PID)

    sizes = {file.name: file.stat().st_size for file in tmp_path.iterdir()}
    assert set(sizes) == {f"counter_{PID}.db", f"histogram_{PID}.db"}
    assert sizes[f"histogram_{PID}.db"] == HEAD
    assert sizes[f"counter_{PID}.db"] < 200
    assert total(tmp_path) == 3


def test_a_worker_with_the_number_of_a_dead_one_goes_on(tmp_path: Path) -> None:
    reserve(tmp_path, PID)
    count(tmp_path / f"counter_{PID}.db", {"seen": 3})
    bury(tmp_path, PID)

    reserve(tmp_path, PID)
    count(tmp_path / f"counter_{PID}.db", {"seen": 1, "heard": 1})

    assert total(tmp_path) == 4


def test_a_folder_that_a_cleaner_took_away_is_no_trouble(tmp_path: Path) -> None:
    bury(tmp_path / "gone", PID)
    reserve(tmp_path / "gone", PID)

    assert total(tmp_path / "gone") == 0
