"""Run the real nginx with deploy/nginx.conf, on free ports, with a new certificate."""

import contextlib
import os
import re
import socket
import subprocess
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

from tests.processes import PROJECT, running, wait_until
from tests.real_parts import require_real

PUBLIC_NAME = "ollama.example.com"
TEMPORARY = ("client_body", "proxy", "fastcgi", "uwsgi", "scgi")
SUBJECT_ALT_NAMES = f"DNS:{PUBLIC_NAME},IP:127.0.0.1"


@dataclass(frozen=True)
class Nginx:
    """A running nginx: its ports, its certificate and its log."""

    folder: Path
    http_port: int
    https_port: int

    @property
    def url(self) -> str:
        return f"https://127.0.0.1:{self.https_port}"

    @property
    def certificate(self) -> Path:
        return self.folder / "cerellama.pem"

    def wait_for_log(self, text: str) -> str:
        """Wait for a line of the access log that contains `text`, and return it."""
        log = self.folder / "access.log"
        wait_until(lambda: text in log.read_text())
        return next(line for line in log.read_text().splitlines() if text in line)


@contextlib.contextmanager
def run_nginx(folder: Path, upstreams: Sequence[str]) -> Iterator[Nginx]:
    """Run nginx in front of `upstreams` until the end of the block."""
    config, nginx = write_config(folder, upstreams)
    with running(nginx_command(config), "start worker process"):
        yield nginx


def write_config(folder: Path, upstreams: Sequence[str]) -> tuple[Path, Nginx]:
    """Write deploy/nginx.conf with ports, upstreams and folder of this run."""
    nginx = Nginx(folder, free_port(), free_port())
    make_certificate(folder)
    config = (PROJECT / "deploy/nginx.conf").read_text()
    for old, new in {
        r"listen \[::\]:.*;": "",
        "listen 80;": f"listen 127.0.0.1:{nginx.http_port};",
        "listen 443 ssl;": f"listen 127.0.0.1:{nginx.https_port} ssl;",
        "/etc/ssl/": f"{folder}/",
        "/var/log/nginx/": f"{folder}/",
        "server 127.0.0.1:6000;": " ".join(f"server {each};" for each in upstreams),
        "http {": "http { " + " ".join(path_directives(folder)),
    }.items():
        config, changes = re.subn(old, new, config)
        assert changes, f"deploy/nginx.conf does not contain {old}"
    (folder / "nginx.conf").write_text(config)
    return folder / "nginx.conf", nginx


def path_directives(folder: Path) -> list[str]:
    temporary = [f"{name}_temp_path {folder}/{name};" for name in TEMPORARY]
    return [f"access_log {folder}/access.log;", *temporary]


def make_certificate(folder: Path) -> None:
    """Make a self-signed certificate."""
    options = "req -x509 -newkey ec -pkeyopt ec_paramgen_curve:P-256 -nodes -days 2"
    names = [
        "-subj",
        f"/CN={PUBLIC_NAME}",
        "-addext",
        f"subjectAltName={SUBJECT_ALT_NAMES}",
    ]
    files = ["-keyout", "cerellama.key", "-out", "cerellama.pem"]
    subprocess.run(
        [require_real("openssl"), *options.split(), *names, *files],
        cwd=folder,
        check=True,
        capture_output=True,
    )


def nginx_command(config: Path) -> list[str]:
    directives = f"daemon off; error_log stderr notice; pid {config.parent}/nginx.pid;"
    if os.geteuid() == 0:  # otherwise its workers cannot enter the folder
        directives += " user root;"
    program = require_real("nginx")
    return [program, "-p", str(config.parent), "-c", str(config), "-g", directives]


def free_port() -> int:
    with socket.create_server(("127.0.0.1", 0)) as server:
        port: int = server.getsockname()[1]
        return port
