"""The lists of another server: how fresh, how often, and what while it fails."""

from __future__ import annotations

import logging
import threading
from collections.abc import Callable
from typing import Any

import pytest

from app.catalogue.elsewhere import BELIEVED_S, REST, Elsewhere, name_of
from app.errors import UpstreamError, UpstreamTimeout
from app.wire import names

LLAMA = names.parse("llama3")


class Server:
    """Lists `names`, or fails with `error`; a question takes `takes_s`."""

    def __init__(self, *listed: str) -> None:
        self.names = list(listed)
        self.error: UpstreamError | None = None
        self.takes_s = 0.001
        self.now = 0.0
        self.asked: list[tuple[str, str, str]] = []

    def fetch(self, path: str, key: str, hops: str) -> list[dict[str, Any]]:
        self.asked.append((path, key, hops))
        self.now += self.takes_s
        if self.error:
            raise self.error
        return [{"name": name} for name in self.names]

    def clock(self) -> float:
        self.now += 0.0001
        return self.now


def elsewhere_of(server: Server) -> Elsewhere:
    return Elsewhere(server.fetch, server.clock)


@pytest.mark.parametrize(
    ("method", "path", "key"),
    [
        (Elsewhere.tags, "/api/tags", "models"),
        (Elsewhere.ps, "/api/ps", "models"),
        (Elsewhere.models, "/v1/models", "data"),
    ],
)
def test_a_list_is_asked_for_whenever_it_is_shown(
    method: Callable[[Elsewhere, str], Any], path: str, key: str
) -> None:
    server = Server("llama3:latest")
    elsewhere = elsewhere_of(server)

    assert method(elsewhere, "") == [{"name": "llama3:latest"}]
    server.names = []
    assert method(elsewhere, "") == []
    assert server.asked == [(path, key, "")] * 2


@pytest.mark.parametrize("listed", ["llama3:latest", "LLAMA3", "llama3:local"])
def test_a_name_is_known_by_any_spelling(listed: str) -> None:
    assert elsewhere_of(Server(listed)).has(LLAMA, "")


def test_a_known_name_is_believed_for_a_while() -> None:
    server = Server("llama3")
    elsewhere = elsewhere_of(server)

    elsewhere.has(LLAMA, "")
    server.names = []

    assert elsewhere.has(LLAMA, "")
    server.now += BELIEVED_S
    assert not elsewhere.has(LLAMA, "")


def test_an_unknown_name_is_always_asked_about() -> None:
    server = Server()
    elsewhere = elsewhere_of(server)

    assert not elsewhere.has(LLAMA, "")
    server.names = ["llama3"]
    assert elsewhere.has(LLAMA, "")


def test_who_comes_from_another_of_our_kind_asks_alone() -> None:
    server = Server("llama3")
    elsewhere = elsewhere_of(server)

    assert elsewhere.has(LLAMA, "abc")
    assert elsewhere.has(LLAMA, "abc")

    assert [hops for _, _, hops in server.asked] == ["abc", "abc"]


def test_a_failure_is_told_until_it_is_over() -> None:
    server = Server("llama3")
    server.error = UpstreamTimeout("silence")
    elsewhere = elsewhere_of(server)

    for _ in range(2):
        with pytest.raises(UpstreamTimeout, match="silence"):
            elsewhere.has(LLAMA, "")

    server.error = None
    server.now += 1
    assert elsewhere.has(LLAMA, "")


def test_a_slow_failure_is_not_repeated_at_once() -> None:
    server = Server()
    server.error, server.takes_s = UpstreamTimeout("silence"), 2.0
    elsewhere = elsewhere_of(server)

    def ask() -> None:
        with pytest.raises(UpstreamTimeout):
            elsewhere.tags("")

    ask()
    server.now += REST * 2 - 1
    ask()
    assert len(server.asked) == 1
    server.now += 2
    ask()
    assert len(server.asked) == 2


def test_an_outage_is_logged_once(caplog: pytest.LogCaptureFixture) -> None:
    server = Server()
    elsewhere = elsewhere_of(server)
    logger = logging.getLogger("app.catalogue.elsewhere")
    logger.addHandler(caplog.handler)
    caplog.set_level(logging.INFO, logger.name)

    for error in (UpstreamError("down"), UpstreamError("down"), None, None):
        server.error = error
        server.now += 60
        if error:
            with pytest.raises(UpstreamError):
                elsewhere.tags("")
        else:
            elsewhere.tags("")
    logger.removeHandler(caplog.handler)

    told = dict.fromkeys(record.getMessage() for record in caplog.records)
    assert list(told) == [
        "The passthrough's models are not listed: down",
        "The passthrough answers again.",
    ]


def test_many_at_once_ask_twice_at_most() -> None:
    """The second question answers all who came while the first was under way."""
    askers, asked, ticks = 20, 0, 0
    changed = threading.Condition()

    def clock() -> float:
        nonlocal ticks
        with changed:
            ticks += 1
            changed.notify_all()
            return float(ticks)

    def fetch(path: str, key: str, hops: str) -> list[dict[str, Any]]:
        """Each asker looks at the clock once, the first one twice more."""
        nonlocal asked
        with changed:
            asked += 1
            assert changed.wait_for(lambda: ticks >= askers + 2, 10)
        return []

    elsewhere = Elsewhere(fetch, clock)
    threads = [
        threading.Thread(target=elsewhere.tags, args=("",)) for _ in range(askers)
    ]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()

    assert asked <= 2


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
def test_an_entry_goes_by_its_name(entry: dict[str, Any], key: str | None) -> None:
    assert name_of(entry) == (names.parse(key) if key else None)
