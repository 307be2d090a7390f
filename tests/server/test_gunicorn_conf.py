"""gunicorn.conf.py, tested by starting gunicorn."""

import os
import resource
import subprocess
from pathlib import Path

import requests

from app.config import Config
from app.server.addresses import is_free, listen_addresses
from tests.live_server import environment, procfile_command, serving
from tests.processes import PROJECT

TIMEOUT_S = 30.0
NO_UPSTREAM = {
    "CEREBRAS_API_KEY": "csk-unused",
    "CEREBRAS_BASE_URL": "http://127.0.0.1:9/v1",
}


def run_gunicorn(*options: str, **settings: str) -> subprocess.CompletedProcess[str]:
    """Run the Procfile's command with options until it exits."""
    return subprocess.run(
        [*procfile_command(), *options],
        cwd=PROJECT,
        env={**os.environ, **environment(**NO_UPSTREAM, **settings)},
        capture_output=True,
        text=True,
        timeout=TIMEOUT_S,
        check=False,
    )


def effective_settings(**settings: str) -> dict[str, str]:
    """Return the settings that `gunicorn --print-config` shows."""
    lines = run_gunicorn("--print-config", **settings).stdout.splitlines()
    pairs = (line.partition("=") for line in lines)
    return {name.strip(): value.strip() for name, _, value in pairs}


def test_bad_setting_stops_the_start_with_one_sentence() -> None:
    done = run_gunicorn(MAX_BODY_MB="huge")

    assert done.returncode != 0
    assert (
        done.stderr == "MAX_BODY_MB is 'huge': it must be a whole number, 1 or more.\n"
    )


def test_settings_reach_gunicorn() -> None:
    queue = {"MAX_UPSTREAM_REQUESTS": "5000", "OLLAMA_MAX_QUEUE": "900"}
    address = {"PORT": "8123", "HOST": "::1"}
    settings = effective_settings(
        WEB_CONCURRENCY="3", GRACE_S="7", LOG_LEVEL="warning", **address, **queue
    )

    assert settings["workers"] == "3"
    assert settings["graceful_timeout"] == "7"
    assert settings["loglevel"] == "warning"
    assert settings["bind"] == "['[::1]:8123']"
    assert int(settings["worker_connections"]) > 5900
    assert settings["control_socket_disable"] == "True"
    assert settings["accesslog"] == "None"


def test_server_listens_at_all_default_addresses_that_are_free() -> None:
    addresses = [str(address) for address in listen_addresses(Config(), is_free)]

    assert effective_settings(PORT="", HOST="")["bind"] == str(addresses)


def test_server_without_a_key_answers_at_the_address_it_shows() -> None:
    with serving(procfile_command(), environment()) as server:
        server.program.wait_for("CEREBRAS_API_KEY is not set")
        reply = requests.get(server.url, timeout=TIMEOUT_S)

    assert reply.text == "Ollama is running"
    host = server.url.removeprefix("http://")
    assert f"OLLAMA_HOST={host} ollama run gpt-oss-120b" in server.program.output


def test_instance_folder_is_removed_at_the_end(tmp_path: Path) -> None:
    settings = environment(**NO_UPSTREAM, TMPDIR=str(tmp_path))

    with serving(procfile_command(), settings):
        alive = list(tmp_path.glob("cerellama-*"))
    ended = list(tmp_path.glob("cerellama-*"))

    assert len(alive) == 1
    assert ended == []


def test_limit_of_open_files_is_raised() -> None:
    line = " ".join(procfile_command())
    command = ["sh", "-c", f"ulimit -Sn 256; exec {line}"]

    with serving(command, environment(**NO_UPSTREAM)) as server:
        soft, hard = resource.prlimit(server.program.pid, resource.RLIMIT_NOFILE)

    assert soft == hard > 256
