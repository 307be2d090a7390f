"""deploy/cerellama.service: checked with systemd's tools, and its command started."""

import re
import shlex
import socket
import subprocess
from pathlib import Path

import pytest
import requests

from app.config import Config
from tests.live_server import environment, serving
from tests.processes import PROJECT
from tests.real_parts import require_real

UNIT = PROJECT / "deploy/cerellama.service"
HOME = "/srv/cerellama"
HIGHEST_EXPOSURE = "20"  # of 100; systemd-analyze calls a unit up to 20 well protected


def read_setting(name: str) -> list[str]:
    return re.findall(rf"^{name}=(.*)$", UNIT.read_text(), re.MULTILINE)


@pytest.fixture
def unit(tmp_path: Path) -> Path:
    """Return the unit file with the path of this checkout."""
    path = tmp_path / "cerellama.service"
    path.write_text(UNIT.read_text().replace(HOME, str(PROJECT)))
    return path


def analyze(*arguments: str) -> subprocess.CompletedProcess[str]:
    program = require_real("systemd-analyze")
    return subprocess.run(
        [program, *arguments], capture_output=True, text=True, check=False
    )


def test_systemd_accepts_the_unit(unit: Path) -> None:
    done = analyze("verify", "--man=no", str(unit))
    unit.write_text(unit.read_text().replace("KillMode=", "KilMode="))
    misspelt = analyze("verify", "--man=no", str(unit))

    assert (done.returncode, done.stdout, done.stderr) == (0, "", "")
    assert "KilMode" in misspelt.stderr


def test_exposure_of_the_unit_is_low(unit: Path) -> None:
    options = ("--offline=true", "--no-pager", f"--threshold={HIGHEST_EXPOSURE}")

    done = analyze("security", *options, str(unit))

    assert done.returncode == 0, done.stdout


def test_stop_timeout_is_longer_than_the_grace_period() -> None:
    [stop] = read_setting("TimeoutStopSec")

    assert int(stop) > Config().grace_s
    assert read_setting("KillMode") == ["mixed"]


def test_command_notifies_systemd_when_it_is_ready(
    tmp_path: Path, upstream_settings: dict[str, str]
) -> None:
    notify = socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM)
    notify.bind(str(tmp_path / "notify"))
    notify.settimeout(30)
    [command] = read_setting("ExecStart")
    settings = environment(**upstream_settings, NOTIFY_SOCKET=str(tmp_path / "notify"))

    with (
        notify,
        serving(shlex.split(command.replace(HOME, str(PROJECT))), settings) as server,
    ):
        ready = notify.recv(1024)
        response = requests.get(server.url, timeout=20)

    assert read_setting("Type") == ["notify"]
    assert b"READY=1" in ready.splitlines()
    assert response.text == "Ollama is running"
