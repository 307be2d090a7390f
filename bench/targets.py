"""The command that starts each target.

A target may run more than once: with a plain upstream, with one behind TLS, and with
two workers.
"""

import re
from collections.abc import Callable
from dataclasses import dataclass
from functools import partial
from pathlib import Path

from bench.programs import BUILD, HERE, require

PROJECT = HERE.parent
PEERS = HERE / "peers"
CERTIFICATE = PROJECT / "tests" / "localhost.pem"
SETTING = re.compile(r"^# ([A-Z_]+)=", re.MULTILINE)


@dataclass(frozen=True)
class Upstream:
    """The address of the benchmark's upstream."""

    port: int
    tls: bool = False

    @property
    def url(self) -> str:
        return f"{'https' if self.tls else 'http'}://127.0.0.1:{self.port}/v1"


@dataclass(frozen=True)
class Command:
    """A command line, its additional environment and its folder."""

    command: list[str]
    environ: dict[str, str]
    cwd: Path


Target = Callable[[int, Upstream], Command]


def cerellama(
    port: int, upstream: Upstream, *, checkout: Path = PROJECT, workers: int = 1
) -> Command:
    """Run the Procfile's line with default settings, but for these few."""
    command = (checkout / "Procfile").read_text().removeprefix("web: ").split()
    settings = SETTING.findall((checkout / ".env.example").read_text())
    environ = {
        **dict.fromkeys(settings, ""),
        **_cerebras(upstream),
        "PYTHON_DOTENV_DISABLED": "1",
        "HOST": "127.0.0.1",
        "PORT": str(port),
        "WEB_CONCURRENCY": str(workers),
        "MAX_UPSTREAM_REQUESTS": "4096",
        "DATABASE_URL": f"sqlite:///{BUILD}/store-{port}.db",
        "GRACE_S": "1",
    }
    command[0] = str(checkout / ".venv" / "bin" / command[0])
    return Command(command, environ, checkout)


def flask_naive(port: int, upstream: Upstream) -> Command:
    command = f"gunicorn -k gevent -w 1 --worker-connections 5000 -b 127.0.0.1:{port}"
    program, *options = command.split()
    program = str(PROJECT / ".venv" / "bin" / program)
    return _peer([program, *options, "flask_naive:app"], upstream)


def fastapi_httpx(port: int, upstream: Upstream) -> Command:
    command = f"uvicorn fastapi_httpx:app --port {port} --loop uvloop --http httptools"
    options = [*command.split(), "--no-access-log", "--log-level", "warning"]
    return _peer(_bench_program(options), upstream)


def aiohttp_tuned(port: int, upstream: Upstream) -> Command:
    return _peer(_bench_program(["python", "aiohttp_tuned.py", str(port)]), upstream)


def nginx(port: int, upstream: Upstream) -> Command:
    return _nginx(port, upstream, "")


def tls_proxy(port: int, upstream: Upstream) -> Command:
    """Put TLS in front of the upstream."""
    return _nginx(port, upstream, " ssl")


def _nginx(port: int, upstream: Upstream, options: str) -> Command:
    folder = BUILD / f"nginx-{port}"
    folder.mkdir(parents=True, exist_ok=True)
    text = (PEERS / "nginx.conf").read_text()
    for name, value in {
        "LISTEN": f"127.0.0.1:{port}{options}",
        "UPSTREAM": f"127.0.0.1:{upstream.port}",
        "FOLDER": folder,
        "CERTIFICATE": CERTIFICATE,
    }.items():
        text = text.replace(name, str(value))
    (folder / "nginx.conf").write_text(text)
    return Command(
        [require("nginx"), "-e", "stderr", "-c", f"{folder}/nginx.conf"], {}, folder
    )


def _peer(command: list[str], upstream: Upstream) -> Command:
    return Command(command, _cerebras(upstream), PEERS)


def _bench_program(command: list[str]) -> list[str]:
    return [str(PROJECT / ".venv" / "bench" / "bin" / command[0]), *command[1:]]


def _cerebras(upstream: Upstream) -> dict[str, str]:
    return {
        "CEREBRAS_BASE_URL": upstream.url,
        "CEREBRAS_API_KEY": "bench",
        "NO_PROXY": "127.0.0.1,localhost",
        "REQUESTS_CA_BUNDLE": str(CERTIFICATE),
        "SSL_CERT_FILE": str(CERTIFICATE),
    }


TARGETS: dict[str, Target] = {
    "nginx": nginx,
    "cerellama": cerellama,
    "cerellama_2": partial(cerellama, workers=2),
    "fastapi_httpx": fastapi_httpx,
    "flask_naive": flask_naive,
    "aiohttp_tuned": aiohttp_tuned,
}
