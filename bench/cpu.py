"""What a process and all its descendants use, and which CPUs they may use."""

from __future__ import annotations

import os
from collections.abc import Iterable, Iterator
from pathlib import Path

PROC = Path("/proc")
USABLE = sorted(os.sched_getaffinity(0))  # before anything is pinned
PAGE_KIB = os.sysconf("SC_PAGE_SIZE") // 1024


def tree(root: int) -> list[int]:
    """A process and its descendants."""
    found = [root]
    for pid in found:
        found.extend(_children(pid))
    return found


def cpu_ns(pids: Iterable[int]) -> int:
    """CPU time of all threads, to the nanosecond."""
    files = (path for pid in pids for path in PROC.glob(f"{pid}/task/*/schedstat"))
    return sum(int(text.split()[0]) for text in _read(files))


def rss_kib(pids: Iterable[int]) -> int:
    pages = _read(PROC / str(pid) / "statm" for pid in pids)
    return sum(int(text.split()[1]) for text in pages) * PAGE_KIB


def pin(pids: Iterable[int], cpus: set[int]) -> None:
    """Keep every thread on these CPUs."""
    for pid in pids:
        for task in (PROC / str(pid) / "task").iterdir():
            os.sched_setaffinity(int(task.name), cpus)


def _children(pid: int) -> Iterator[int]:
    for text in _read(PROC.glob(f"{pid}/task/*/children")):
        yield from map(int, text.split())


def _read(paths: Iterable[Path]) -> Iterator[str]:
    for path in paths:
        try:
            yield path.read_text()
        except (FileNotFoundError, ProcessLookupError):
            continue  # it has just ended
