"""deploy/cerellama.service: judged by systemd's own tools, its command line started."""

from __future__ import annotations

import re
import shlex
import socket
import subprocess
from pathlib import Path

import pytest
import requests

from app.config import Config
from tests.processes import PROJECT
from tests.real_parts import require_real
from tests.serving import environment, serving

UNIT = PROJECT / "deploy/cerellama.service"
HOME = "/srv/cerellama"
HIGHEST_EXPOSURE = "20"  # tenths, of 100; systemd calls up to 2 well protected


def setting(name: str) -> list[str]:
    return re.findall(rf"^{name}=(.*)$", UNIT.read_text(), re.MULTILINE)


@pytest.fixture
def unit(tmp_path: Path) -> Path:
    """Our file for a project that is where this one is."""
    path = tmp_path / "cerellama.service"
    path.write_text(UNIT.read_text().replace(HOME, str(PROJECT)))
    return path


def analyze(*arguments: str) -> subprocess.CompletedProcess[str]:
    program = require_real("systemd-analyze")
    return subprocess.run(
        [program, *arguments], capture_output=True, text=True, check=False
    )


def test_systemd_has_nothing_to_say_about_it(unit: Path) -> None:
    done = analyze("verify", "--man=no", str(unit))

    assert (done.returncode, done.stdout, done.stderr) == (0, "", "")


def test_a_misspelt_setting_would_have_been_told(unit: Path) -> None:
    unit.write_text(unit.read_text().replace("KillMode=", "KilMode="))

    done = analyze("verify", "--man=no", str(unit))

    assert "KilMode" in done.stderr


def test_little_is_left_to_whoever_breaks_in(unit: Path) -> None:
    options = ("--offline=true", "--no-pager", f"--threshold={HIGHEST_EXPOSURE}")

    done = analyze("security", *options, str(unit))

    assert done.returncode == 0, done.stdout


def test_streams_get_their_time_before_systemd_kills() -> None:
    [stop] = setting("TimeoutStopSec")

    assert int(stop) > Config().grace_s
    assert setting("KillMode") == ["mixed"]


def test_its_command_tells_systemd_when_it_is_ready(
    tmp_path: Path, upstream_settings: dict[str, str]
) -> None:
    told = socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM)
    told.bind(str(tmp_path / "notify"))
    told.settimeout(30)
    [command] = setting("ExecStart")
    settings = environment(**upstream_settings, NOTIFY_SOCKET=str(tmp_path / "notify"))

    with (
        told,
        serving(shlex.split(command.replace(HOME, str(PROJECT))), settings) as server,
    ):
        ready = told.recv(1024)
        answer = requests.get(server.url, timeout=20)

    assert setting("Type") == ["notify"]
    assert b"READY=1" in ready.splitlines()
    assert answer.text == "Ollama is running"
