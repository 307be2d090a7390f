"""The machine in words, and the versions of what ran."""

from __future__ import annotations

import json
import os
import platform
import subprocess
from collections.abc import Iterable
from pathlib import Path

from bench import cpu
from bench.targets import PROJECT

OUR_SIDE = ("gunicorn", "gevent", "Flask", "requests", "urllib3", "msgspec")
PEER_SIDE = (
    "fastapi",
    "uvicorn",
    "uvloop",
    "httptools",
    "httpx",
    "aiohttp",
    "msgspec",
)
GIB = 1 << 30


def words() -> str:
    """No name of the host, no path."""
    cpus = len(cpu.USABLE)
    memory = os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES") / GIB
    return (
        f"{cpus} CPUs ({_model()}), {memory:.0f} GiB, Linux {platform.release()}; "
        f"load average at the start {os.getloadavg()[0]:.1f}"
    )


def versions() -> list[str]:
    return [
        f"Python {platform.python_version()}",
        _first_line("nginx", "-v").removeprefix("nginx version: ").replace("/", " "),
        _first_line("cc", "--version"),
        f"Cerellama and flask_naive: {_packages(PROJECT / '.venv', OUR_SIDE)}",
        f"the others: {_packages(PROJECT / '.venv' / 'bench', PEER_SIDE)}",
    ]


def _model() -> str:
    lines = Path("/proc/cpuinfo").read_text().splitlines()
    found = (line for line in lines if line.startswith("model name"))
    return next(found, ": unknown").partition(": ")[2]


def _first_line(*command: str) -> str:
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    return (done.stdout or done.stderr).splitlines()[0]


def _packages(venv: Path, names: Iterable[str]) -> str:
    command = [venv / "bin" / "python", "-m", "pip", "list", "--format=json"]
    listed = json.loads(subprocess.run(command, capture_output=True, check=True).stdout)
    found = {package["name"].lower(): package["version"] for package in listed}
    return ", ".join(f"{name} {found[name.lower()]}" for name in names)
