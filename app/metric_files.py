"""The files in which workers share what they count, from a worker's birth to its death.

`prometheus_client` would make them itself, when they are first written to: empty for a
moment, in which reading them fails, and without blocks on the disk, for lack of which
a process that writes to mapped memory is killed.
"""

from __future__ import annotations

import os
import sys
from pathlib import Path

from prometheus_client import multiprocess

COUNTS = ("counter", "histogram")
GAUGES = ("gauge_livesum", "gauge_livemax")
SIZE = 1 << 16  # bytes, as prometheus_client begins them
HEAD = 8  # bytes; the first four are how many are used


def reserve(folder: Path, pid: int) -> None:
    """Make the files of a worker; those of an earlier one of this number go on."""
    folder.mkdir(parents=True, exist_ok=True)
    for kind in (*COUNTS, *GAUGES):
        path = folder / f"{kind}_{pid}.db"
        if not path.exists():
            draft = path.with_suffix(".new")
            draft.write_bytes(bytes(SIZE))
            draft.rename(path)


def bury(folder: Path, pid: int) -> None:
    """What a worker counted stays counted; what it held is held no more."""
    multiprocess.mark_process_dead(pid, folder)  # type: ignore[no-untyped-call]
    for kind in COUNTS:
        path = folder / f"{kind}_{pid}.db"
        if path.exists():
            os.truncate(path, max(_used(path), HEAD))


def _used(path: Path) -> int:
    with path.open("rb") as file:
        return int.from_bytes(file.read(4), sys.byteorder)
