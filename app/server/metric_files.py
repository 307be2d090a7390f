"""Prepare and clean up the files in which the workers share their metrics.

In its multiprocess mode prometheus_client maps one file per worker and kind of metric
into memory. It creates a file when a metric is first written: for a moment the file is
empty and cannot be read, and it has no blocks on the disk, so that a worker is killed
(SIGBUS) when it writes to it on a full disk. These functions create the files in
advance. They rely on the undocumented names, initial size and header of the files;
tests/server/test_metric_files.py writes and reads them with prometheus_client.
"""

import os
import sys
from pathlib import Path

from prometheus_client import multiprocess

COUNTS = ("counter", "histogram")
GAUGES = ("gauge_livesum", "gauge_livemax")
INITIAL_BYTES = 1 << 16
HEADER_BYTES = 8  # the first four say how many bytes are used


def preallocate(folder: Path, pid: int) -> None:
    """Create the files of a worker, but keep those of a dead one with the same PID."""
    folder.mkdir(parents=True, exist_ok=True)
    for kind in (*COUNTS, *GAUGES):
        path = folder / f"{kind}_{pid}.db"
        if not path.exists():
            draft = path.with_suffix(".new")
            draft.write_bytes(bytes(INITIAL_BYTES))
            draft.rename(path)


def retire_worker(folder: Path, pid: int) -> None:
    """Remove a dead worker's gauges, and shrink the files of its counters."""
    multiprocess.mark_process_dead(pid, folder)  # type: ignore[no-untyped-call]
    for kind in COUNTS:
        path = folder / f"{kind}_{pid}.db"
        if path.exists():
            os.truncate(path, max(_used_bytes(path), HEADER_BYTES))


def _used_bytes(path: Path) -> int:
    with path.open("rb") as file:
        return int.from_bytes(file.read(4), sys.byteorder)
