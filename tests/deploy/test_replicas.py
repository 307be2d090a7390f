"""Two replicas, PostgreSQL and nginx, as deploy/compose.yml joins them."""

from __future__ import annotations

from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack
from typing import Any
from urllib.parse import urlsplit

import pytest
import requests

from tests.deploy.behind_nginx import PUBLIC_NAME, Nginx, nginx_before
from tests.serving import Server, environment, procfile_command, serving

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
    with nginx_before(tmp_path, upstreams) as started:
        monkeypatch.setenv("REQUESTS_CA_BUNDLE", str(started.certificate))
        yield started


def models(url: str) -> list[str]:
    answer = requests.get(f"{url}/api/tags", timeout=20)
    return [each["name"] for each in answer.json()["models"]]


def test_all_know_one_model_and_one_that_stops_costs_no_request(
    replicas: list[Server], nginx: Nginx
) -> None:
    model = {"model": "mario", "from": "gpt-oss-120b", "system": MARIO, "stream": False}
    made = requests.post(f"{nginx.url}/api/create", json=model, timeout=20)
    directly = [models(each.url) for each in replicas]

    with ThreadPoolExecutor(4) as clients:
        answers = [clients.submit(models, nginx.url) for _ in range(40)]
        replicas[0].program.end()
        answers += [clients.submit(models, nginx.url) for _ in range(40)]

    assert made.json() == {"status": "success"}
    assert all("mario:latest" in each for each in directly)
    assert all("mario:latest" in each.result() for each in answers)
