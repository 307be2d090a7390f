import logging
import threading
from collections.abc import Callable
from typing import Any

import pytest

from app.catalogue.metadata import TABLE
from app.catalogue.models import FIRST_RETRY_S, FRESH_S, Catalogue
from app.domain.models import Model
from app.errors import UpstreamError
from app.wire import names

NEW = "kimi-k9"


class Upstream:
    """Answers with what a test puts here."""

    def __init__(self, *ids: str) -> None:
        self.ids: list[str] | Exception = list(ids)
        self.public: list[dict[str, Any]] = []
        self.asked = 0

    def models(self) -> list[str]:
        self.asked += 1
        if isinstance(self.ids, Exception):
            raise self.ids
        return self.ids

    def public_models(self) -> list[dict[str, Any]]:
        return self.public


class Seconds:
    def __init__(self) -> None:
        self.now = 0.0

    def __call__(self) -> float:
        return self.now


@pytest.fixture
def clock() -> Seconds:
    return Seconds()


@pytest.fixture
def changes() -> list[set[str]]:
    return []


@pytest.fixture
def make(clock: Seconds, changes: list[set[str]]) -> Callable[[Upstream], Catalogue]:
    """A catalogue whose background is the foreground."""

    def make_catalogue(upstream: Upstream) -> Catalogue:
        return Catalogue(
            upstream.models,
            upstream.public_models,
            on_change=lambda models: changes.append(ids_of(models)),
            clock=clock,
            spawn=lambda work: work(),
        )

    return make_catalogue


def ids_of(models: tuple[Model, ...]) -> set[str]:
    return {model.id for model in models}


def find(catalogue: Catalogue, name: str) -> Model | None:
    return catalogue.find(names.parse(name))


def test_the_upstreams_ids_are_served_newest_first(make: Any) -> None:
    catalogue = make(Upstream("gpt-oss-120b", "qwen-3.8-27b", NEW, NEW))

    assert [model.id for model in catalogue.served()] == [
        NEW,
        "qwen-3.8-27b",
        "gpt-oss-120b",
    ]
    assert catalogue.known


def test_a_model_is_found_by_id_and_library_spelling(make: Any) -> None:
    catalogue = make(Upstream("gpt-oss-120b", "llama-3.3-70b"))

    for name in ("gpt-oss-120b", "GPT-OSS-120b:latest", "gpt-oss:120B"):
        assert find(catalogue, name).id == "gpt-oss-120b"
    assert find(catalogue, "llama3.3:70b").id == "llama-3.3-70b"
    assert find(catalogue, "qwen-3.8-27b") is None
    assert find(catalogue, "gpt-oss") is None


def test_an_id_beats_the_spelling_of_another_model(make: Any) -> None:
    catalogue = make(Upstream("tiny-8b", "tiny:8b"))

    assert find(catalogue, "tiny:8b").id == "tiny:8b"


def test_an_id_that_is_no_name_is_listed_and_logged(
    make: Any, caplog: pytest.LogCaptureFixture
) -> None:
    catalogue = make(Upstream("a b", NEW))

    assert ids_of(catalogue.served()) == {"a b", NEW}
    assert "'a b'" in caplog.text


@pytest.mark.parametrize("ids", [UpstreamError("down"), []], ids=["fails", "is empty"])
def test_the_table_is_served_until_a_list_comes(make: Any, ids: Any) -> None:
    upstream = Upstream()
    upstream.ids = ids
    catalogue = make(upstream)

    assert ids_of(catalogue.served()) == set(TABLE)
    assert find(catalogue, "gpt-oss:120b").id == "gpt-oss-120b"
    assert not catalogue.known


def test_a_list_is_kept_for_minutes(make: Any, clock: Seconds) -> None:
    upstream = Upstream(NEW)
    catalogue = make(upstream)
    catalogue.start()
    clock.now += FRESH_S - 1

    catalogue.served()
    find(catalogue, NEW)
    assert upstream.asked == 1

    upstream.ids = ["other"]
    clock.now += 1
    assert ids_of(catalogue.served()) == {"other"}
    assert upstream.asked == 2


def test_the_last_good_list_stands_while_the_upstream_fails(
    make: Any, clock: Seconds
) -> None:
    upstream = Upstream(NEW)
    catalogue = make(upstream)
    catalogue.start()
    upstream.ids = UpstreamError("down")
    clock.now += FRESH_S

    assert ids_of(catalogue.served()) == {NEW}
    assert catalogue.known


def test_failures_are_retried_ever_later(make: Any, clock: Seconds) -> None:
    upstream = Upstream()
    catalogue = make(upstream)
    tries = []
    for _ in range(3000):
        before = upstream.asked
        catalogue.served()
        if upstream.asked > before:
            tries.append(clock.now)
        clock.now += 1

    waits = [later - earlier for earlier, later in zip(tries, tries[1:], strict=False)]
    assert waits[:3] == [FIRST_RETRY_S, 2 * FIRST_RETRY_S, 4 * FIRST_RETRY_S]
    assert waits[-1] == FRESH_S


def test_an_outage_is_logged_once_and_so_is_its_end(
    make: Any, clock: Seconds, caplog: pytest.LogCaptureFixture
) -> None:
    upstream = Upstream()
    upstream.ids = UpstreamError("the network is down")
    catalogue = make(upstream)
    with caplog.at_level(logging.INFO):
        for _ in range(5):
            clock.now += FRESH_S
            catalogue.served()
        assert [record.levelname for record in caplog.records] == ["WARNING"]
        assert "the network is down" in caplog.text
        assert "gpt-oss-120b" in caplog.text

        upstream.ids = [NEW]
        clock.now += FRESH_S
        catalogue.served()
        assert len(caplog.records) == 2


def test_a_change_of_ids_is_told_once(
    make: Any, clock: Seconds, changes: list[set[str]]
) -> None:
    upstream = Upstream(NEW)
    catalogue = make(upstream)
    for ids in ([NEW], [NEW], [NEW, "other"]):
        upstream.ids = ids
        catalogue.refresh()

    assert changes == [{NEW}, {NEW, "other"}]


def test_the_first_list_is_told_even_when_it_is_the_tables(
    make: Any, changes: list[set[str]]
) -> None:
    make(Upstream(*TABLE)).start()

    assert changes == [set(TABLE)]


def test_public_facts_stay_when_the_public_list_leaves_a_model_out(make: Any) -> None:
    upstream = Upstream(NEW)
    upstream.public = [{"id": NEW, "limits": {"max_context_length": 1234}}]
    catalogue = make(upstream)
    catalogue.start()
    upstream.public = []
    catalogue.refresh()

    assert catalogue.served()[0].context_length == 1234


def test_one_fetch_is_under_way_at_a_time(clock: Seconds) -> None:
    upstream, waiting = Upstream(NEW), []
    catalogue = Catalogue(
        upstream.models, upstream.public_models, clock=clock, spawn=waiting.append
    )
    for _ in range(3):
        catalogue.refresh()
        find(catalogue, "gpt-oss-120b")
    assert len(waiting) == 1

    waiting.pop()()
    catalogue.refresh()
    assert len(waiting) == 1


def test_a_fault_in_a_fetch_does_not_end_fetching(clock: Seconds) -> None:
    upstream, waiting = Upstream(), []
    upstream.ids = RuntimeError("a bug")
    catalogue = Catalogue(
        upstream.models, upstream.public_models, clock=clock, spawn=waiting.append
    )
    catalogue.refresh()
    with pytest.raises(RuntimeError):
        waiting.pop()()

    upstream.ids = [NEW]
    clock.now += FRESH_S
    catalogue.served()
    waiting.pop()()
    assert ids_of(catalogue.served()) == {NEW}


class Held:
    """An upstream whose list comes when the test says so, on a thread of its own."""

    def __init__(self) -> None:
        self.asked, self.answer = threading.Event(), threading.Event()

    def models(self) -> list[str]:
        self.asked.set()
        assert self.answer.wait(10)
        return [NEW]

    def public_models(self) -> list[dict[str, Any]]:
        return []


def test_a_new_id_waits_for_the_first_list_and_a_known_one_does_not() -> None:
    upstream = Held()
    catalogue = Catalogue(upstream.models, upstream.public_models)
    catalogue.start()
    assert upstream.asked.wait(10)

    assert find(catalogue, "gpt-oss-120b") is TABLE["gpt-oss-120b"]

    threading.Timer(0.01, upstream.answer.set).start()
    found = find(catalogue, NEW)
    assert found is not None
    assert found.id == NEW


def test_a_warm_catalogue_waits_for_nothing(clock: Seconds) -> None:
    upstream = Held()
    upstream.answer.set()
    catalogue = Catalogue(upstream.models, upstream.public_models, clock=clock)
    assert ids_of(catalogue.served()) == {NEW}

    upstream.answer.clear()
    upstream.asked.clear()
    clock.now += FRESH_S
    assert ids_of(catalogue.served()) == {NEW}
    assert find(catalogue, "nobody-knows-it") is None
    assert upstream.asked.wait(10)
    upstream.answer.set()


def test_trouble_is_told_until_a_list_has_come_and_asks_for_it(
    make: Callable[[Upstream], Catalogue], clock: Seconds
) -> None:
    upstream = Upstream(NEW)
    upstream.ids = UpstreamError("cannot reach Cerebras")
    catalogue = make(upstream)

    told = [catalogue.trouble(), catalogue.trouble()]
    upstream.ids = [NEW]
    clock.now = FIRST_RETRY_S

    assert told == ["cannot reach Cerebras"] * 2
    assert catalogue.trouble() is None


def test_trouble_waits_for_no_list() -> None:
    never: list[Callable[[], None]] = []
    catalogue = Catalogue(list, list, spawn=never.append)

    assert catalogue.trouble() == "the list of models has not come yet"
