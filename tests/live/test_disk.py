"""A full disk: only requests that need it fail, with a clear error."""

import subprocess
from collections.abc import Iterator
from pathlib import Path

import pytest
import requests

from tests.live.http_client import MODEL as GPT
from tests.live.http_client import create_model, post
from tests.live_server import Server, environment, procfile_command, serving
from tests.real_parts import MISSING, require_real

LARGE = "x" * 100_000
MOUNT = 'mount -t tmpfs -o size=1m tmpfs "$0" && exec "$@"'
FILL = (
    'mount -t tmpfs -o size=1m tmpfs "$0" && head -c 2M /dev/zero >"$0/all"; exec "$@"'
)
NAMESPACE = ["unshare", "--user", "--map-root-user", "--mount", "sh", "-c"]
DOWN = "the store of derived models cannot be reached; try again later"


def serve_on_small_disk(
    settings: dict[str, str], folder: Path, start: str
) -> Iterator[Server]:
    """Run a server in a mount namespace in which `folder` is a disk of 1 MB."""
    require_real("unshare")
    trial = subprocess.run([*NAMESPACE, MOUNT, str(folder), "true"], check=False)
    if trial.returncode:
        pytest.skip(f"{MISSING}permission to mount a small disk")
    environ = environment(
        **settings,
        DATABASE_URL=f"sqlite:///{folder}/store.db",
        TMPDIR=str(folder),
        WEB_CONCURRENCY="1",
    )
    command = [*NAMESPACE, start, str(folder), *procfile_command()]
    with serving(command, environ) as server:
        yield server


@pytest.fixture
def small(upstream_settings: dict[str, str], tmp_path: Path) -> Iterator[Server]:
    yield from serve_on_small_disk(upstream_settings, tmp_path, MOUNT)


@pytest.fixture
def full(upstream_settings: dict[str, str], tmp_path: Path) -> Iterator[Server]:
    yield from serve_on_small_disk(upstream_settings, tmp_path, FILL)


def generate(server: Server, model: str) -> requests.Response:
    return post(server, "/api/generate", model=model, prompt="hi", stream=False)


def test_full_disk_fails_only_requests_that_write(small: Server) -> None:
    names = [f"large{number}" for number in range(40)]
    replies = {name: create_model(small, name, LARGE) for name in names}
    kept = [name for name in names if replies[name].status_code == 200]
    refused = [name for name in names if name not in kept]

    assert kept
    assert {replies[name].status_code for name in refused} == {503}
    assert {replies[name].json()["error"] for name in refused} == {DOWN}
    assert generate(small, GPT).status_code == 200
    assert generate(small, kept[0]).status_code == 200
    assert generate(small, refused[0]).status_code == 404
    listed = requests.get(small.url + "/api/tags", timeout=20).json()["models"]
    assert {model["name"] for model in listed} >= {f"{name}:latest" for name in kept}


def test_server_starts_on_a_full_disk(full: Server) -> None:
    assert generate(full, GPT).status_code == 200
    assert requests.get(full.url + "/api/ps", timeout=20).status_code == 200
    refused = create_model(full, "mine", "short")
    assert (refused.status_code, refused.json()["error"]) == (503, DOWN)
