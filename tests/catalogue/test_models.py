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
    """Return the lists, or raise the error, that a test sets."""

    def __init__(self, *ids: str) -> None:
        self.ids: list[str] | Exception = list(ids)
        self.public: list[dict[str, Any]] = []
        self.fetches = 0

    def models(self) -> list[str]:
        self.fetches += 1
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
def make(clock: Seconds) -> Callable[..., Catalogue]:
    """Return a function that makes a catalogue which fetches synchronously."""

    def make_catalogue(upstream: Upstream, **options: Any) -> Catalogue:
        options = {"clock": clock, "spawn": lambda work: work(), **options}
        return Catalogue(upstream.models, upstream.public_models, **options)

    return make_catalogue


def ids_of(models: tuple[Model, ...]) -> set[str]:
    return {model.id for model in models}


def find(catalogue: Catalogue, name: str) -> Model | None:
    return catalogue.find(names.parse(name))


def test_served_models_are_newest_first(make: Any) -> None:
    catalogue = make(Upstream("gpt-oss-120b", "qwen-3.8-27b", NEW, NEW))

    assert [model.id for model in catalogue.served()] == [
        NEW,
        "qwen-3.8-27b",
        "gpt-oss-120b",
    ]
    assert catalogue.known


def test_model_is_found_by_id_and_library_name(make: Any) -> None:
    catalogue = make(Upstream("gpt-oss-120b", "llama-3.3-70b", "tiny-8b", "tiny:8b"))

    assert find(catalogue, "tiny:8b").id == "tiny:8b"  # not the name of tiny-8b

    for name in ("gpt-oss-120b", "GPT-OSS-120b:latest", "gpt-oss:120B"):
        assert find(catalogue, name).id == "gpt-oss-120b"
    assert find(catalogue, "llama3.3:70b").id == "llama-3.3-70b"
    assert find(catalogue, "qwen-3.8-27b") is None
    assert find(catalogue, "gpt-oss") is None


def test_illegal_id_is_listed_and_logged(
    make: Any, caplog: pytest.LogCaptureFixture
) -> None:
    catalogue = make(Upstream("a b", NEW))

    assert ids_of(catalogue.served()) == {"a b", NEW}
    assert "'a b'" in caplog.text


@pytest.mark.parametrize("ids", [UpstreamError("down"), []], ids=["fails", "is empty"])
def test_table_is_served_until_the_first_list(make: Any, ids: Any) -> None:
    upstream = Upstream()
    upstream.ids = ids
    catalogue = make(upstream)

    assert ids_of(catalogue.served()) == set(TABLE)
    assert find(catalogue, "gpt-oss:120b").id == "gpt-oss-120b"
    assert not catalogue.known


def test_list_is_fetched_again_when_it_is_old(make: Any, clock: Seconds) -> None:
    upstream = Upstream(NEW)
    catalogue = make(upstream)
    catalogue.start()
    clock.now += FRESH_S - 1

    catalogue.served()
    find(catalogue, NEW)
    assert upstream.fetches == 1

    upstream.ids = ["other"]
    clock.now += 1
    assert ids_of(catalogue.served()) == {"other"}
    assert upstream.fetches == 2


def test_last_list_is_used_while_fetching_fails(make: Any, clock: Seconds) -> None:
    upstream = Upstream(NEW)
    catalogue = make(upstream)
    catalogue.start()
    upstream.ids = UpstreamError("down")
    clock.now += FRESH_S

    assert ids_of(catalogue.served()) == {NEW}
    assert catalogue.known


def test_delay_between_retries_doubles_up_to_a_limit(make: Any, clock: Seconds) -> None:
    upstream = Upstream()
    catalogue = make(upstream)
    tries = []
    for _ in range(3000):
        before = upstream.fetches
        catalogue.served()
        if upstream.fetches > before:
            tries.append(clock.now)
        clock.now += 1

    waits = [later - earlier for earlier, later in zip(tries, tries[1:], strict=False)]
    assert waits[:3] == [FIRST_RETRY_S, 2 * FIRST_RETRY_S, 4 * FIRST_RETRY_S]
    assert waits[-1] == FRESH_S


def test_outage_and_its_end_are_logged_once(
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


@pytest.mark.parametrize("first", [[NEW], [*TABLE]], ids=["new", "as the table"])
def test_on_change_is_called_once_per_change(make: Any, first: list[str]) -> None:
    upstream, changes = Upstream(), list[set[str]]()
    catalogue = make(upstream, on_change=lambda models: changes.append(ids_of(models)))
    for ids in (first, first, [NEW, "other"]):
        upstream.ids = ids
        catalogue.refresh()

    assert changes == [set(first), {NEW, "other"}]


def test_public_facts_are_kept_when_the_public_list_drops_a_model(make: Any) -> None:
    upstream = Upstream(NEW)
    upstream.public = [{"id": NEW, "limits": {"max_context_length": 1234}}]
    catalogue = make(upstream)
    catalogue.start()
    upstream.public = []
    catalogue.refresh()

    assert catalogue.served()[0].context_length == 1234


def test_only_one_fetch_runs_at_a_time(make: Any) -> None:
    waiting = list[Callable[[], None]]()
    catalogue = make(Upstream(NEW), spawn=waiting.append)
    for _ in range(3):
        catalogue.refresh()
        find(catalogue, "gpt-oss-120b")
    assert len(waiting) == 1

    waiting.pop()()
    catalogue.refresh()
    assert len(waiting) == 1


def test_unexpected_error_does_not_stop_later_fetches(
    make: Any, clock: Seconds
) -> None:
    upstream, waiting = Upstream(), list[Callable[[], None]]()
    upstream.ids = RuntimeError("a bug")
    catalogue = make(upstream, spawn=waiting.append)
    catalogue.refresh()
    with pytest.raises(RuntimeError):
        waiting.pop()()

    upstream.ids = [NEW]
    clock.now += FRESH_S
    catalogue.served()
    waiting.pop()()
    assert ids_of(catalogue.served()) == {NEW}


class BlockingUpstream:
    """An upstream whose list comes when the test sets `answer`."""

    def __init__(self) -> None:
        self.fetching, self.answer = threading.Event(), threading.Event()

    def models(self) -> list[str]:
        self.fetching.set()
        assert self.answer.wait(10)
        return [NEW]

    def public_models(self) -> list[dict[str, Any]]:
        return []


def test_find_waits_for_the_first_list_only_if_the_name_is_unknown() -> None:
    upstream = BlockingUpstream()
    catalogue = Catalogue(upstream.models, upstream.public_models)
    catalogue.start()
    assert upstream.fetching.wait(10)

    assert find(catalogue, "gpt-oss-120b") is TABLE["gpt-oss-120b"]

    threading.Timer(0.01, upstream.answer.set).start()
    model = find(catalogue, NEW)
    assert model is not None
    assert model.id == NEW


def test_find_never_waits_after_the_first_list(clock: Seconds) -> None:
    upstream = BlockingUpstream()
    upstream.answer.set()
    catalogue = Catalogue(upstream.models, upstream.public_models, clock=clock)
    assert ids_of(catalogue.served()) == {NEW}

    upstream.answer.clear()
    upstream.fetching.clear()
    clock.now += FRESH_S
    assert ids_of(catalogue.served()) == {NEW}
    assert find(catalogue, "nobody-knows-it") is None
    assert upstream.fetching.wait(10)
    upstream.answer.set()


def test_unavailable_reason_is_the_error_until_a_list_is_fetched(
    make: Any, clock: Seconds
) -> None:
    upstream = Upstream(NEW)
    upstream.ids = UpstreamError("cannot reach Cerebras")
    catalogue = make(upstream)

    reasons = [catalogue.unavailable_reason(), catalogue.unavailable_reason()]
    upstream.ids = [NEW]
    clock.now = FIRST_RETRY_S

    assert reasons == ["cannot reach Cerebras"] * 2
    assert catalogue.unavailable_reason() is None


def test_unavailable_reason_does_not_wait_for_a_fetch() -> None:
    never: list[Callable[[], None]] = []
    catalogue = Catalogue(list, list, spawn=never.append)

    assert catalogue.unavailable_reason() == "the list of models has not come yet"
