"""Two replicas behind nginx that share PostgreSQL, as in deploy/compose.yml."""

from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack
from typing import Any
from urllib.parse import urlsplit

import pytest
import requests

from tests.deploy.nginx_server import PUBLIC_NAME, Nginx, run_nginx
from tests.live_server import Server, environment, procfile_command, serving

MARIO = "You are Mario"


@pytest.fixture
def replicas(
    upstream_settings: dict[str, str], postgres_url: str
) -> Iterator[list[Server]]:
    settings = environment(
        **upstream_settings,
        ALLOWED_HOSTS=PUBLIC_NAME,
        DATABASE_URL=postgres_url,
        WEB_CONCURRENCY="1",
    )
    with ExitStack() as running:
        yield [
            running.enter_context(serving(procfile_command(), settings))
            for _ in range(2)
        ]


@pytest.fixture
def nginx(
    replicas: list[Server], tmp_path: Any, monkeypatch: pytest.MonkeyPatch
) -> Iterator[Nginx]:
    upstreams = [urlsplit(each.url).netloc for each in replicas]
    with run_nginx(tmp_path, upstreams) as started:
        monkeypatch.setenv("REQUESTS_CA_BUNDLE", str(started.certificate))
        yield started


def list_models(url: str) -> list[str]:
    response = requests.get(f"{url}/api/tags", timeout=20)
    return [model["name"] for model in response.json()["models"]]


def test_replicas_share_models_and_stopping_one_fails_no_request(
    replicas: list[Server], nginx: Nginx
) -> None:
    model = {"model": "mario", "from": "gpt-oss-120b", "system": MARIO, "stream": False}
    created = requests.post(f"{nginx.url}/api/create", json=model, timeout=20)
    lists = [list_models(each.url) for each in replicas]

    with ThreadPoolExecutor(4) as clients:
        later_lists = [clients.submit(list_models, nginx.url) for _ in range(40)]
        replicas[0].program.end()
        later_lists += [clients.submit(list_models, nginx.url) for _ in range(40)]

    assert created.json() == {"status": "success"}
    assert all("mario:latest" in each for each in lists)
    assert all("mario:latest" in each.result() for each in later_lists)
