"""The real nginx with deploy/nginx.conf, on ports and with a certificate of its own."""

from __future__ import annotations

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
CERTIFIED = f"DNS:{PUBLIC_NAME},IP:127.0.0.1"


@dataclass(frozen=True)
class Nginx:
    """Where it listens, and whom to trust there."""

    folder: Path
    http_port: int
    https_port: int

    @property
    def url(self) -> str:
        return f"https://127.0.0.1:{self.https_port}"

    @property
    def certificate(self) -> Path:
        return self.folder / "cerellama.pem"

    def logged(self, text: str) -> str:
        """The first line of its log with this text, which may follow the answer."""
        log = self.folder / "access.log"
        wait_until(lambda: text in log.read_text())
        return next(line for line in log.read_text().splitlines() if text in line)


@contextlib.contextmanager
def nginx_before(folder: Path, upstreams: Sequence[str]) -> Iterator[Nginx]:
    """Run it in front of these addresses until the block's end."""
    config, nginx = rendered(folder, upstreams)
    with running(command(config), "start worker process"):
        yield nginx


def rendered(folder: Path, upstreams: Sequence[str]) -> tuple[Path, Nginx]:
    """Our file with its own ports, upstreams and folder; all else as it is."""
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
        "http {": "http { " + " ".join(own_paths(folder)),
    }.items():
        config, changes = re.subn(old, new, config)
        assert changes, f"{old} is not there, though it is ours to change"
    (folder / "nginx.conf").write_text(config)
    return folder / "nginx.conf", nginx


def own_paths(folder: Path) -> list[str]:
    temporary = [f"{name}_temp_path {folder}/{name};" for name in TEMPORARY]
    return [f"access_log {folder}/access.log;", *temporary]


def make_certificate(folder: Path) -> None:
    """Self-made, as for a trial."""
    options = "req -x509 -newkey ec -pkeyopt ec_paramgen_curve:P-256 -nodes -days 2"
    names = ["-subj", f"/CN={PUBLIC_NAME}", "-addext", f"subjectAltName={CERTIFIED}"]
    files = ["-keyout", "cerellama.key", "-out", "cerellama.pem"]
    subprocess.run(
        [require_real("openssl"), *options.split(), *names, *files],
        cwd=folder,
        check=True,
        capture_output=True,
    )


def command(config: Path) -> list[str]:
    own = f"daemon off; error_log stderr notice; pid {config.parent}/nginx.pid;"
    if os.geteuid() == 0:  # else its workers may not enter our folder
        own += " user root;"
    program = require_real("nginx")
    return [program, "-p", str(config.parent), "-c", str(config), "-g", own]


def free_port() -> int:
    with socket.create_server(("127.0.0.1", 0)) as server:
        port: int = server.getsockname()[1]
        return port
