"""deploy/nginx.conf with the real nginx, in front of the real server."""

from __future__ import annotations

import os
import re
import socket
import subprocess
from collections.abc import Iterator
from pathlib import Path
from urllib.parse import urlsplit

import pytest
import requests

from tests.cerebras import Fake
from tests.deploy import streams
from tests.processes import PROJECT, running
from tests.real_parts import require_real
from tests.serving import Server, environment, procfile_command, serving

PUBLIC_NAME = "ollama.example.com"
TEMPORARY = ("client_body", "proxy", "fastcgi", "uwsgi", "scgi")


def free_port() -> int:
    with socket.create_server(("127.0.0.1", 0)) as server:
        port: int = server.getsockname()[1]
        return port


def replace(text: str, old: str, new: str) -> str:
    """Every line that is ours to change has to be there."""
    assert old in text
    return text.replace(old, new)


def rendered(folder: Path, port: int, upstream: str) -> Path:
    """Our file with its own port, upstream and folder; all else as it is."""
    config = (PROJECT / "deploy/nginx.conf").read_text()
    config = replace(config, "listen 80;", f"listen 127.0.0.1:{port};")
    config = replace(config, "server 127.0.0.1:6000;", f"server {upstream};")
    paths = [f"{name}_temp_path {folder}/{name};" for name in TEMPORARY]
    own = " ".join([f"access_log {folder}/access.log;", *paths])
    config = replace(config, "http {", f"http {{ {own}")
    (folder / "nginx.conf").write_text(config)
    return folder / "nginx.conf"


def command(config: Path) -> list[str]:
    own = f"daemon off; error_log stderr notice; pid {config.parent}/nginx.pid;"
    if os.geteuid() == 0:  # else its workers may not enter our folder
        own += " user root;"
    program = require_real("nginx")
    return [program, "-p", str(config.parent), "-c", str(config), "-g", own]


@pytest.fixture(scope="session")
def behind(upstream_settings: dict[str, str]) -> Iterator[Server]:
    """A server that expects a public name."""
    settings = environment(**upstream_settings, ALLOWED_HOSTS=PUBLIC_NAME)
    with serving(procfile_command(), settings) as started:
        yield started


@pytest.fixture(scope="session")
def nginx(behind: Server, tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """The address at which nginx serves that server."""
    port = free_port()
    folder = tmp_path_factory.mktemp("nginx")
    config = rendered(folder, port, urlsplit(behind.url).netloc)
    with running(command(config), "start worker process"):
        yield f"http://127.0.0.1:{port}"


def test_the_file_as_it_is_passes_nginx_own_check(tmp_path: Path) -> None:
    config = rendered(tmp_path, free_port(), "127.0.0.1:6000")

    done = subprocess.run(
        [*command(config), "-t"], capture_output=True, text=True, check=False
    )

    assert "syntax is ok" in done.stderr
    assert done.returncode == 0


def test_every_line_comes_before_the_next_is_made(nginx: str, fake: Fake) -> None:
    streams.check_every_line_comes_before_the_next_is_made(nginx, fake)


def test_a_slow_stream_is_as_slow_as_the_upstream(nginx: str, fake: Fake) -> None:
    streams.check_a_slow_stream_is_as_slow_as_the_upstream(nginx, fake)


def test_the_clients_own_host_is_handed_on(nginx: str) -> None:
    headers = {"Host": PUBLIC_NAME}

    reply = requests.get(f"{nginx}/api/version", headers=headers, timeout=20)

    assert reply.status_code == 200


def test_a_refused_host_is_logged_with_the_setting(nginx: str, behind: Server) -> None:
    headers = {"Host": "evil.example.net"}

    reply = requests.get(f"{nginx}/api/version", headers=headers, timeout=20)

    assert (reply.status_code, reply.text) == (403, "")
    assert "ALLOWED_HOSTS" in behind.program.wait_for("evil.example.net")


def test_a_body_as_large_as_allowed_gets_through(nginx: str) -> None:
    blanks = b" " * (60 << 20)

    reply = requests.post(f"{nginx}/api/show", data=blanks, timeout=60)

    assert reply.status_code == 400


def test_cerellama_words_the_refusal_of_a_larger_one(nginx: str) -> None:
    blanks = b" " * (65 << 20)

    reply = requests.post(f"{nginx}/api/show", data=blanks, timeout=60)

    assert reply.status_code == 413
    assert "error" in reply.json()


def test_a_client_that_leaves_cancels_its_request(nginx: str, fake: Fake) -> None:
    fake.script({"say": streams.TEXT, "after": 4, "hold": "for good"})

    with streams.chatting(nginx) as lines:
        next(lines)
        (record,) = fake.requests(at_least=1)

    assert fake.left(record["id"])


def test_idle_connections_outlive_nginx_own() -> None:
    """Or a request may meet a connection that gunicorn is just closing."""
    own = re.search(r"keepalive = (\d+)", (PROJECT / "gunicorn.conf.py").read_text())
    theirs = 60  # nginx's default keepalive_timeout towards an upstream

    assert own
    assert int(own[1]) > theirs
