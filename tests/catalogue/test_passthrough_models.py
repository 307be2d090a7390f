"""The passthrough server's lists: freshness, number of fetches, failures."""

import logging
import threading
from collections.abc import Callable
from typing import Any

import pytest

from app.catalogue.passthrough_models import (
    BACKOFF,
    BELIEVED_S,
    PassthroughModels,
    name_of,
)
from app.errors import UpstreamError, UpstreamTimeout
from app.wire import names

LLAMA = names.parse("llama3")


class Server:
    """A server that lists `names` or fails with `error`, after `takes_s` seconds."""

    def __init__(self, *listed: str) -> None:
        self.names = list(listed)
        self.error: UpstreamError | None = None
        self.takes_s = 0.001
        self.now = 0.0
        self.fetches: list[tuple[str, str, str]] = []

    def fetch(self, path: str, key: str, hops: str) -> list[dict[str, Any]]:
        self.fetches.append((path, key, hops))
        self.now += self.takes_s
        if self.error:
            raise self.error
        return [{"name": name} for name in self.names]

    def clock(self) -> float:
        self.now += 0.0001
        return self.now


def models_of(server: Server) -> PassthroughModels:
    return PassthroughModels(server.fetch, server.clock)


@pytest.mark.parametrize(
    ("method", "path", "key"),
    [
        (PassthroughModels.tags, "/api/tags", "models"),
        (PassthroughModels.ps, "/api/ps", "models"),
        (PassthroughModels.models, "/v1/models", "data"),
    ],
)
def test_list_is_fetched_whenever_it_is_shown(
    method: Callable[[PassthroughModels, str], Any], path: str, key: str
) -> None:
    server = Server("llama3:latest")
    models = models_of(server)

    assert method(models, "") == [{"name": "llama3:latest"}]
    server.names = []
    assert method(models, "") == []
    assert server.fetches == [(path, key, "")] * 2


@pytest.mark.parametrize("listed", ["llama3:latest", "LLAMA3", "llama3:local"])
def test_model_is_found_by_any_spelling(listed: str) -> None:
    assert models_of(Server(listed)).has(LLAMA, "")


def test_listed_name_is_believed_for_a_while() -> None:
    server = Server("llama3")
    models = models_of(server)

    models.has(LLAMA, "")
    server.names = []

    assert models.has(LLAMA, "")
    server.now += BELIEVED_S
    assert not models.has(LLAMA, "")


def test_missing_name_is_fetched_each_time() -> None:
    server = Server()
    models = models_of(server)

    assert not models.has(LLAMA, "")
    server.names = ["llama3"]
    assert models.has(LLAMA, "")


def test_request_with_hops_does_not_share_a_fetch() -> None:
    server = Server("llama3")
    models = models_of(server)

    assert models.has(LLAMA, "abc")
    assert models.has(LLAMA, "abc")

    assert [hops for _, _, hops in server.fetches] == ["abc", "abc"]


def test_failure_is_raised_until_it_is_over() -> None:
    server = Server("llama3")
    server.error = UpstreamTimeout("silence")
    models = models_of(server)

    for _ in range(2):
        with pytest.raises(UpstreamTimeout, match="silence"):
            models.has(LLAMA, "")

    server.error = None
    server.now += 1
    assert models.has(LLAMA, "")


def test_slow_failure_pauses_fetching() -> None:
    server = Server()
    server.error, server.takes_s = UpstreamTimeout("silence"), 2.0
    models = models_of(server)

    def fetch_tags() -> None:
        with pytest.raises(UpstreamTimeout):
            models.tags("")

    fetch_tags()
    server.now += BACKOFF * 2 - 1
    fetch_tags()
    assert len(server.fetches) == 1
    server.now += 2
    fetch_tags()
    assert len(server.fetches) == 2


def test_outage_and_its_end_are_logged_once(caplog: pytest.LogCaptureFixture) -> None:
    server = Server()
    models = models_of(server)
    logger = logging.getLogger("app.catalogue.passthrough_models")
    logger.addHandler(caplog.handler)
    caplog.set_level(logging.INFO, logger.name)

    for error in (UpstreamError("down"), UpstreamError("down"), None, None):
        server.error = error
        server.now += 60
        if error:
            with pytest.raises(UpstreamError):
                models.tags("")
        else:
            models.tags("")
    logger.removeHandler(caplog.handler)

    messages = dict.fromkeys(record.getMessage() for record in caplog.records)
    assert list(messages) == [
        "The passthrough's models are not listed: down",
        "The passthrough answers again.",
    ]


def test_concurrent_requests_need_two_fetches_at_most() -> None:
    """The second fetch serves all requests that came during the first."""
    callers, fetches, ticks = 20, 0, 0
    changed = threading.Condition()

    def clock() -> float:
        nonlocal ticks
        with changed:
            ticks += 1
            changed.notify_all()
            return float(ticks)

    def fetch(path: str, key: str, hops: str) -> list[dict[str, Any]]:
        """Wait until all threads read the clock: each once, the first twice more."""
        nonlocal fetches
        with changed:
            fetches += 1
            assert changed.wait_for(lambda: ticks >= callers + 2, 10)
        return []

    models = PassthroughModels(fetch, clock)
    threads = [threading.Thread(target=models.tags, args=("",)) for _ in range(callers)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()

    assert fetches <= 2


@pytest.mark.parametrize(
    ("entry", "key"),
    [
        ({"name": "a", "model": "b"}, "b"),
        ({"name": "a"}, "a"),
        ({"id": "me/c:1"}, "me/c:1"),
        ({"name": "a b"}, None),
        ({"name": 1}, None),
        ({}, None),
    ],
)
def test_name_of_an_entry(entry: dict[str, Any], key: str | None) -> None:
    assert name_of(entry) == (names.parse(key) if key else None)
