"""The machine: resources of processes, pinning to CPUs, and a description."""

import json
import os
import platform
import subprocess
from collections.abc import Iterable, Iterator
from pathlib import Path

PROC = Path("/proc")
CPUS = sorted(os.sched_getaffinity(0))  # usable, before anything is pinned
PAGE_SIZE = os.sysconf("SC_PAGE_SIZE")
GIB = 1 << 30

CERELLAMA_PACKAGES = ("gunicorn", "gevent", "Flask", "requests", "urllib3", "msgspec")
PEER_PACKAGES = (
    "fastapi",
    "uvicorn",
    "uvloop",
    "httptools",
    "httpx",
    "aiohttp",
    "msgspec",
)


def process_tree(root: int) -> list[int]:
    """Return the pids of a process and its descendants."""
    pids = [root]
    for pid in pids:
        for text in _read(PROC.glob(f"{pid}/task/*/children")):
            pids.extend(map(int, text.split()))
    return pids


def cpu_ns(pids: Iterable[int]) -> int:
    """Return the CPU time of all threads, in nanoseconds."""
    files = (path for pid in pids for path in PROC.glob(f"{pid}/task/*/schedstat"))
    return sum(int(text.split()[0]) for text in _read(files))


def rss_kib(pids: Iterable[int]) -> int:
    pages = _read(PROC / str(pid) / "statm" for pid in pids)
    return sum(int(text.split()[1]) for text in pages) * PAGE_SIZE // 1024


def pin(pids: Iterable[int], cpus: set[int]) -> None:
    """Restrict every thread of these processes to these CPUs."""
    for pid in pids:
        for task in (PROC / str(pid) / "task").iterdir():
            os.sched_setaffinity(int(task.name), cpus)


def _read(paths: Iterable[Path]) -> Iterator[str]:
    for path in paths:
        try:
            yield path.read_text()
        except (FileNotFoundError, ProcessLookupError):
            continue  # the process has just ended


def describe() -> str:
    """Return CPUs, memory, kernel and load, without host name and paths."""
    memory = PAGE_SIZE * os.sysconf("SC_PHYS_PAGES") / GIB
    return (
        f"{len(CPUS)} CPUs ({_cpu_model()}), {memory:.0f} GiB, "
        f"Linux {platform.release()}; "
        f"load average at the start {os.getloadavg()[0]:.1f}"
    )


def versions(project: Path) -> list[str]:
    cerellama, peers = project / ".venv", project / ".venv" / "bench"
    return [
        f"Python {platform.python_version()}",
        _first_line("nginx", "-v").removeprefix("nginx version: ").replace("/", " "),
        _first_line("cc", "--version"),
        f"Cerellama and flask_naive: {_packages(cerellama, CERELLAMA_PACKAGES)}",
        f"the others: {_packages(peers, PEER_PACKAGES)}",
    ]


def _cpu_model() -> str:
    lines = (PROC / "cpuinfo").read_text().splitlines()
    models = (line for line in lines if line.startswith("model name"))
    return next(models, ": unknown").partition(": ")[2]


def _first_line(*command: str) -> str:
    process = subprocess.run(command, capture_output=True, text=True, check=False)
    return (process.stdout or process.stderr).splitlines()[0]


def _packages(venv: Path, names: Iterable[str]) -> str:
    command = [venv / "bin" / "python", "-m", "pip", "list", "--format=json"]
    output = subprocess.run(command, capture_output=True, check=True).stdout
    versions = {each["name"].lower(): each["version"] for each in json.loads(output)}
    return ", ".join(f"{name} {versions[name.lower()]}" for name in names)
