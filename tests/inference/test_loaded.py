import logging
import threading
from collections.abc import Callable
from pathlib import Path

import pytest

from app.catalogue.metadata import TABLE
from app.inference.loaded import FOREVER_NS, Loaded

SECOND = 1_000_000_000
MINUTE = 60 * SECOND
START = 1_800_000_000 * SECOND
MODELS = [model.listed for model in TABLE.values()]
GPT, QWEN = MODELS


class Clock:
    def __init__(self) -> None:
        self.now = START

    def __call__(self) -> int:
        return self.now


@pytest.fixture
def clock() -> Clock:
    return Clock()


@pytest.fixture
def loaded(tmp_path: Path, clock: Clock) -> Loaded:
    return Loaded(tmp_path / "loaded", 5 * MINUTE, clock)


def expiries(loaded: Loaded) -> dict[str, int]:
    return {model.name: expiry for model, expiry in loaded.listing(MODELS)}


def test_no_model_is_loaded_before_its_first_use(loaded: Loaded) -> None:
    assert loaded.listing(MODELS) == []


@pytest.mark.parametrize(
    ("keep_alive_ns", "lasts_ns"),
    [
        (None, 5 * MINUTE),
        (30 * SECOND, 30 * SECOND),
        (1_500_000, 1_500_000),
        (-1, FOREVER_NS),
        (10**30, FOREVER_NS),
    ],
    ids=["default", "seconds", "milliseconds", "forever", "huge"],
)
def test_used_model_is_loaded_for_its_keep_alive(
    loaded: Loaded, keep_alive_ns: int | None, lasts_ns: int
) -> None:
    loaded.mark_used(GPT.name, keep_alive_ns)

    assert expiries(loaded) == {GPT.name: START + lasts_ns}


def test_use_without_keep_alive_continues_the_previous_one(
    loaded: Loaded, clock: Clock
) -> None:
    loaded.mark_used(GPT.name, 30 * SECOND)
    clock.now += 20 * SECOND

    loaded.mark_used(GPT.name)

    assert expiries(loaded) == {GPT.name: clock.now + 30 * SECOND}


def test_expired_model_is_not_listed_and_gets_the_default(
    loaded: Loaded, clock: Clock
) -> None:
    loaded.mark_used(GPT.name, 30 * SECOND)
    clock.now += 30 * SECOND

    assert expiries(loaded) == {}

    loaded.mark_used(GPT.name)

    assert expiries(loaded) == {GPT.name: clock.now + 5 * MINUTE}


@pytest.mark.parametrize(
    "unload", [lambda x: x.unload(GPT.name), lambda x: x.mark_used(GPT.name, 0)]
)
def test_unloaded_model_is_not_listed_and_gets_the_default(
    loaded: Loaded, unload: Callable[[Loaded], None]
) -> None:
    loaded.mark_used(GPT.name, 30 * SECOND)
    unload(loaded)

    assert expiries(loaded) == {}

    loaded.mark_used(GPT.name)

    assert expiries(loaded) == {GPT.name: START + 5 * MINUTE}


def test_unloading_a_model_that_is_not_loaded_does_nothing(loaded: Loaded) -> None:
    loaded.unload(GPT.name)

    assert expiries(loaded) == {}


def test_latest_expiry_is_listed_first(loaded: Loaded) -> None:
    loaded.mark_used(GPT.name, 1 * MINUTE)
    loaded.mark_used(QWEN.name, 2 * MINUTE)

    assert [model for model, _ in loaded.listing(MODELS)] == [QWEN, GPT]


def test_only_the_given_models_are_listed(loaded: Loaded) -> None:
    loaded.mark_used("retired")

    assert loaded.listing(MODELS) == []


def test_file_name_escapes_the_model_name(loaded: Loaded, tmp_path: Path) -> None:
    loaded.mark_used("../me/x:1")

    assert [path.name for path in (tmp_path / "loaded").iterdir()] == [
        "..%2Fme%2Fx%3A1"
    ]


def test_workers_share_the_list_through_the_folder(
    loaded: Loaded, tmp_path: Path, clock: Clock
) -> None:
    neighbour = Loaded(tmp_path / "loaded", MINUTE, clock)
    neighbour.mark_used(GPT.name, -1)

    loaded.mark_used(GPT.name)

    assert expiries(loaded) == expiries(neighbour) == {GPT.name: START + FOREVER_NS}


def test_concurrent_use_and_unload_never_raise(loaded: Loaded) -> None:
    failures = []

    def race(step: Callable[[], object]) -> None:
        try:
            for _ in range(300):
                step()
        except Exception as error:
            failures.append(error)

    steps = (
        lambda: loaded.mark_used(GPT.name),
        lambda: loaded.unload(GPT.name),
        lambda: loaded.listing(MODELS),
    )
    threads = [threading.Thread(target=race, args=(step,)) for step in steps * 2]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()

    assert failures == []


def test_unusable_folder_is_logged_once(
    tmp_path: Path, clock: Clock, caplog: pytest.LogCaptureFixture
) -> None:
    (tmp_path / "file").touch()
    loaded = Loaded(tmp_path / "file" / "loaded", MINUTE, clock)

    with caplog.at_level(logging.WARNING):
        loaded.mark_used(GPT.name)
        loaded.mark_used(GPT.name, MINUTE)

    assert loaded.listing(MODELS) == []
    assert len(caplog.records) == 1
    assert str(tmp_path) not in caplog.text
